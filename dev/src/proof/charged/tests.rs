use super::super::samples;
use super::*;
use schemas::money::Money;
use serde_json::json;

/// One settled answer, one late outcome, one run without outcome; all books agree.
struct Books {
    ledger: Vec<LedgerEntry>,
    answers: Vec<Answer>,
    outcomes: Vec<Answered>,
    calls: Vec<Call>,
    stored: i128,
}

const PRICES: &str = "[[price]]\nmodel = 'm'\ninput = '1'\noutput = '10'\n";
/// Ten tokens in, two out: 30 millionths.
const PRICE: i128 = 30_000_000;

fn call(number: u64) -> Call {
    serde_json::from_value(
        json!({ "number": number, "model": "m", "last_user": "", "held": false, "billed": true,
        "end": "replied", "prompt_tokens": 10, "cached_tokens": 0, "completion_tokens": 2 }),
    )
    .unwrap()
}

fn money(pico: i128) -> Option<Money> {
    Some(Money { currency: "CNY".into(), pico })
}

impl Books {
    fn agreeing() -> Self {
        let settled = LedgerEntry { amount: money(PRICE), ..samples::settled(0) };
        let late = LedgerEntry { amount: money(PRICE), ..samples::uncertain() };
        Self {
            ledger: vec![settled, late, samples::uncertain()],
            answers: vec![samples::answered_turn(0).1],
            outcomes: vec![samples::outcome(0, 1), samples::outcome(1, 2)],
            calls: vec![call(1), call(2), call(3)],
            stored: 2 * PRICE,
        }
    }

    fn check(&self) -> Clause {
        let Self { ledger, answers, outcomes, calls, stored } = self;
        let bill = Bill { ledger, answers, outcomes, calls, stored: *stored };
        charged(&bill, &Prices::read(PRICES).unwrap()).unwrap()
    }
}

#[test]
fn books_that_agree_are_ok_and_what_is_uncertain_stands_apart() {
    let clause = Books::agreeing().check();
    assert!(clause.problems.is_empty(), "{clause:?}");
    let figure = "¥0.00003 settled for 1 answers = stored ¥0.00006 − uncertain ¥0.00003 = billed ¥0.00003; \
                  apart, without outcome: 1, billed ¥0.00003";
    assert!(clause.line().contains(figure), "{}", clause.line());
}

type Spoil = fn(&mut Books);

#[test]
fn any_book_that_differs_is_not_ok() {
    let wrong: [(&str, Spoil); 9] = [
        ("one millionth too much is charged", |books| books.ledger[0].amount = money(PRICE + 1_000_000)),
        ("an answer is charged twice", |books| books.ledger.push(books.ledger[0].clone())),
        ("an answer is not charged", |books| drop(books.ledger.remove(0))),
        ("a charge is for no answer", |books| books.answers.clear()),
        ("a charge has no amount", |books| books.ledger[0].amount = None),
        ("a row is stored twice", |books| books.stored += PRICE),
        ("the provider bills a call that is in no book", |books| books.calls.push(call(4))),
        ("the provider bills more tokens", |books| books.calls[0].completion_tokens += 1),
        ("an uncertain run is forgotten", |books| drop(books.ledger.pop())),
    ];
    for (what, spoil) in wrong {
        let mut books = Books::agreeing();
        spoil(&mut books);
        assert!(books.check().line().contains("NOT ok"), "{what}");
    }
}

#[test]
fn calls_that_the_provider_does_not_bill_cost_nothing() {
    let mut books = Books::agreeing();
    books.calls.push(Call { billed: false, ..call(4) });
    assert!(books.check().problems.is_empty());
}
