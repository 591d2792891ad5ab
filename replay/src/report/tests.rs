use common::Action;
use serde_json::Value;

use super::*;
use crate::gate::{self, LEAST_COMPLETE};
use crate::judge::agreement::Word;
use crate::results::{DriftCause, Preference, Results};
use crate::sample;

const CONDITIONS: [&str; 5] = ["cost>+5%", "p95>+20%", "win_rate<0.48", "verdict_changed>0", "worst_case<-2"];

fn gate_of(summary: &Summary) -> Gate {
    let conditions: Vec<_> = CONDITIONS.iter().map(|text| text.parse().unwrap()).collect();
    gate::gate(summary, &conditions, LEAST_COMPLETE)
}

/// The page of results, with everything that a page can have.
fn page(results: &Results, lang: Lang) -> String {
    let summary = Summary::of(results, &[]);
    let against = Summary::of(&results.against(&sample::results(24, 9)), &[]);
    let gate = gate_of(&summary);
    html::html(&Report { summary: &summary, against: Some(&against), gate: Some(&gate) }, lang)
}

fn text_of(results: &Results, lang: Lang) -> String {
    let summary = Summary::of(results, &[]);
    terminal::terminal(&Report { summary: &summary, against: None, gate: None }, lang)
}

const HOSTILE: &str =
    "</p></script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&<!--\u{202e}\u{7}{name}";

/// Results in which everything that people, models and configurations write is hostile.
fn hostile() -> Results {
    let mut results = sample::results(24, 7);
    results.head.name = HOSTILE.into();
    results.head.manifest = HOSTILE.into();
    results.head.sample = Some(HOSTILE.into());
    results.head.dataset = Some(HOSTILE.into());
    results.head.baseline.name = HOSTILE.into();
    results.head.candidate.name = HOSTILE.into();
    for turn in &mut results.turns {
        turn.app = HOSTILE.into();
        turn.class = Some(HOSTILE.into());
        turn.tier = Some(HOSTILE.into());
        turn.question = Some(HOSTILE.into());
        turn.turn.push_str(HOSTILE);
        for side in [&mut turn.baseline, &mut turn.candidate] {
            side.answer = side.answer.as_ref().map(|_| HOSTILE.into());
            side.error = side.error.as_ref().map(|_| HOSTILE.into());
            if let Some(cost) = &mut side.cost {
                cost.currency = HOSTILE.into();
            }
        }
        turn.baseline.route = Some(HOSTILE.into());
        turn.candidate.route = Some(format!("{HOSTILE}2"));
        turn.candidate.target = Some(HOSTILE.into());
        if let Some(judged) = &mut turn.judged {
            judged.baseline_first.why = HOSTILE.into();
            judged.candidate_first.why = HOSTILE.into();
        }
    }
    results
}

/// Names of all elements of a page, and of all their attributes.
fn names(page: &str) -> (Vec<String>, Vec<String>) {
    let (_, body) = page.split_once("</style>").unwrap();
    let (mut elements, mut attributes) = (Vec::new(), Vec::new());
    for tag in body.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap();
        let mut quoted = tag.split('"');
        let first = quoted.next().unwrap();
        elements.push(first.split([' ', '/']).find(|name| !name.is_empty()).unwrap_or_default().to_owned());
        for piece in tag.split('"').step_by(2) {
            attributes.extend(
                piece.split_whitespace().filter_map(|word| word.strip_suffix('=')).map(str::to_owned),
            );
        }
    }
    (elements, attributes)
}

#[test]
fn what_people_and_models_write_never_becomes_markup() {
    for lang in Lang::ALL {
        let page = page(&hostile(), lang);
        for bad in ["<script", "<img", "onerror=alert(1)>", "<!--", "\u{202e}", "\u{7}"] {
            let body = page.split_once("<body>").unwrap().1;
            assert!(!body.contains(bad), "{bad:?} is in the page");
        }
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "it is shown as text");
        let known = [
            "article", "bdi", "body", "circle", "code", "details", "div", "em", "h1", "h2", "h3", "header",
            "html", "li", "line", "main", "p", "rect", "section", "span", "strong", "summary", "svg",
            "table", "tbody", "td", "text", "th", "thead", "tr", "ul", "head",
        ];
        let attributes = [
            "aria-label",
            "class",
            "cx",
            "cy",
            "dir",
            "height",
            "r",
            "role",
            "scope",
            "style",
            "viewBox",
            "width",
            "x",
            "x1",
            "x2",
            "y",
            "y1",
            "y2",
        ];
        let (elements, named) = names(&page);
        for element in &elements {
            assert!(known.contains(&element.as_str()), "<{element}>");
        }
        for attribute in &named {
            assert!(attributes.contains(&attribute.as_str()), "{attribute}=");
        }
    }
}

#[test]
fn every_element_that_is_opened_is_closed() {
    let page = page(&sample::results(24, 7), Lang::En);
    let (_, body) = page.split_once("</style>").unwrap();
    let mut open: Vec<&str> = vec!["html", "head"];
    for tag in body.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap();
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "closed out of order");
        } else if !tag.ends_with('/') {
            open.push(tag.split(' ').next().unwrap());
        }
    }
    assert_eq!(open, [""; 0], "left open");
}

#[test]
fn the_page_fetches_nothing_and_forbids_itself_to() {
    for lang in Lang::ALL {
        let page = page(&sample::results(24, 7), lang);
        assert!(page.contains("default-src 'none'"));
        for bad in
            ["http:", "https:", "//", "url(", "@import", "<script", "<link", "<iframe", " src=", " href="]
        {
            assert!(!page.contains(bad), "{bad} is in the page");
        }
    }
}

#[test]
fn a_page_has_every_plot_with_its_table_and_what_it_stands_upon() {
    for lang in Lang::ALL {
        let words = lang.words();
        let page = page(&sample::results(24, 7), lang);
        assert!(page.contains(&format!("<html lang=\"{}\">", lang.tag())));
        let plots: Vec<&str> = page.split("<section class=\"plot\">").skip(1).collect();
        let titles = [
            words.changes_plot,
            words.cost_plot,
            words.latency_plot,
            words.wins_plot,
            words.verdict_plot,
            words.target_plot,
        ];
        for title in titles {
            let plot = plots
                .iter()
                .find(|plot| plot.contains(&format!("<h2>{title}")))
                .unwrap_or_else(|| panic!("{title}"));
            let section = plot.split("</section>").next().unwrap();
            assert!(section.contains(&format!("<svg role=\"img\" aria-label=\"{title}\"")), "{title}");
            assert!(section.contains("<details><summary>") && section.contains("<table>"), "{title}");
            assert!(section.contains("class=\"loop\""), "{title}");
        }
        let short = page.split("<ul class=\"short\">").nth(1).unwrap().split("</ul>").next().unwrap();
        assert_eq!(short.matches("<li>").count(), short.matches("class=\"loop\"").count());
        assert!(page.contains("prefers-color-scheme: dark") && page.contains("@media print"));
        assert_eq!(page.matches("<article>").count(), 10, "ten conversations");
        assert!(page.contains(words.gate) && page.contains(words.how_to_read[1]));
    }
}

#[test]
fn no_name_of_a_person_and_no_datum_that_is_recognised_is_in_a_report() {
    let mut results = sample::results(24, 7);
    for turn in &mut results.turns {
        turn.question = Some("我的电话是 13812345678".into());
        turn.candidate.answer = turn.candidate.answer.as_ref().map(|_| "请发到 someone@example.com".into());
    }
    let summary = Summary::of(&results, &[]);
    let report = Report { summary: &summary, against: None, gate: None };
    for text in [html::html(&report, Lang::Zh), json(&report).unwrap(), terminal::terminal(&report, Lang::Zh)]
    {
        for bad in ["chat/helper", "user1", "13812345678", "someone@example.com"] {
            assert!(!text.contains(bad), "{bad}");
        }
    }
    let page = html::html(&report, Lang::Zh);
    assert!(page.contains("我的电话是 ***********"));
}

#[test]
fn equal_results_give_equal_reports() {
    let results = sample::results(24, 7);
    assert_eq!(page(&results, Lang::Zh), page(&results.clone(), Lang::Zh));
    assert_ne!(page(&results, Lang::Zh), page(&results, Lang::En));
}

#[test]
fn json_has_every_figure_by_its_name() {
    let results = sample::results(24, 7);
    let summary = Summary::of(&results, &[]);
    let gate = gate_of(&summary);
    let text = json(&Report { summary: &summary, against: None, gate: Some(&gate) }).unwrap();
    let told: Value = serde_json::from_str(&text).unwrap();
    let cost = told["figures"].as_array().unwrap().iter().find(|figure| figure["metric"] == "cost").unwrap();
    assert_eq!((&cost["currency"], cost["interval"].as_array().unwrap().len()), (&"CNY".into(), 2));
    assert_eq!(
        cost["closed"].as_u64().unwrap() + cost["open"].as_u64().unwrap(),
        cost["turns"].as_u64().unwrap()
    );
    assert_eq!(told["gate"]["judgements"][3]["condition"], "verdict_changed>0");
    assert_eq!(told["head"]["name"], "cheaper");
    assert!(told.get("against").is_none());
}

#[test]
fn the_terminal_s_columns_stand_under_one_another_in_both_languages() {
    for lang in Lang::ALL {
        let text = text_of(&sample::results(24, 7), lang);
        let rows: Vec<&str> = text.lines().skip(3).take_while(|line| !line.is_empty()).collect();
        assert!(
            text.lines().nth(1).is_some_and(|line| line.ends_with("slow.jsonl")) && rows.len() > 12,
            "{text}"
        );
        // The last column begins at one place.
        let place = |line: &str| {
            let at = line.rfind("  ").unwrap() + 2;
            line[..at].chars().map(|c| if c.is_ascii() || "−…".contains(c) { 1 } else { 2 }).sum::<usize>()
        };
        for row in &rows {
            assert_eq!(place(row), place(rows[0]), "{row}\n{text}");
        }
    }
}

#[test]
fn a_name_cannot_steer_a_terminal() {
    let mut results = sample::results(24, 7);
    results.head.candidate.name = "\u{1b}[2Jgone".into();
    let text = text_of(&results, Lang::En);
    assert!(!text.contains('\u{1b}') && text.contains("\u{fffd}[2Jgone"));
}

#[test]
fn what_it_rests_upon_is_said_in_full() {
    let mut results = sample::results(40, 7);
    results.turns[0].drift = Some(DriftCause::Code);
    results.turns[1].drift = Some(DriftCause::Code);
    results.turns[1].candidate.request = results.turns[1].baseline.request.clone();
    let sample: Vec<Word> = results
        .turns
        .iter()
        .filter_map(|turn| Some(Word { turn: turn.turn.clone(), better: turn.judged.as_ref()?.better() }))
        .collect();
    let told = sentences::quality(&Summary::of(&results, &sample), Lang::En).join("\n");
    for part in [
        "Started cold",
        "Requests that ask the same (prompt, chain, parameters):",
        "another version of the code 2",
        "each in both orders",
        "without bias it is 50 %",
        "It agrees with people in 100 % of",
        "Cohen's kappa is 1.00",
    ] {
        assert!(told.contains(part), "{part} is not in {told}");
    }
    results.end = None;
    results.turns.iter_mut().for_each(|turn| turn.judged = None);
    let told = sentences::quality(&Summary::of(&results, &[]), Lang::Zh).join("\n");
    assert!(told.contains("重放尚未结束") && !told.contains("裁判"), "{told}");
}

#[test]
fn sentences_say_what_is_shown_and_what_is_not() {
    let results = sample::results(120, 7);
    let told = |lang: Lang| {
        let sentences = sentences::in_short(&Summary::of(&results, &[]), lang);
        sentences.into_iter().map(|sentence| sentence.text).collect::<Vec<_>>().join("\n")
    };
    let english = told(Lang::En);
    assert!(
        english.contains("less than the baseline (−") && english.contains("a difference is shown."),
        "{english}"
    );
    assert!(
        english.contains("no difference is shown; one of ") && english.contains("Another verdict: "),
        "{english}"
    );
    assert!(told(Lang::Zh).contains("比基线少") && told(Lang::Zh).contains("差异成立"));
}

#[test]
fn a_report_of_nothing_or_of_one_turn_is_still_a_report() {
    let mut results = sample::results(1, 7);
    results.turns.truncate(1);
    let one = page(&results, Lang::Zh);
    assert!(one.contains("会话太少"));
    results.turns.clear();
    for lang in Lang::ALL {
        let none = page(&results, lang);
        assert!(none.contains("</html>") && none.contains(lang.words().worst_none));
        assert!(!text_of(&results, lang).is_empty());
    }
    let mut blocked = sample::results(1, 7);
    for turn in &mut blocked.turns {
        turn.candidate = crate::results::Side { verdict: Some(Action::Block), ..Default::default() };
        turn.judged = None;
    }
    assert!(page(&blocked, Lang::En).contains("no answer"));
}

#[test]
fn numbers_are_written_as_people_read_them() {
    use super::format::*;
    assert_eq!(
        ["1", "999", "1,000", "1,234,567"],
        [1, 999, 1_000, 1_234_567].map(count).each_ref().map(String::as_str)
    );
    assert_eq!(percent(0.125), "12.5 %");
    assert_eq!([percent(0.0), percent(-0.0001), percent(1.0)], ["0 %", "0 %", "100 %"]);
    assert_eq!([signed(0.05), signed(-0.05), signed(0.0001)], ["+5.0 %", "−5.0 %", "0 %"]);
    assert_eq!([points(0.015), tick(0.2), signed_tick(0.5)], ["+1.5 pp", "20 %", "+50 %"]);
    assert_eq!([chance(0.0004), chance(0.02)], ["< 0.1 %", "2.0 %"]);
    assert_eq!([amount(0.012_34), amount(0.000_012_34), amount(0.0)], ["12.34", "0.0123", "0.00"]);
    assert_eq!(filled("{a} and {b} {c}", &[("a", "{b}"), ("b", "2")]), "{b} and 2 ");
    assert_eq!(filled("open {", &[]), "open ");
}

#[test]
fn the_worst_conversations_are_those_that_lost_most() {
    let results = sample::results(60, 7);
    let worst = Summary::of(&results, &[]).worst;
    assert_eq!(worst.len(), 10);
    assert!(worst.windows(2).all(|pair| pair[0].loss >= pair[1].loss));
    for conversation in &worst {
        for shown in &conversation.shown {
            let answer = &shown.sides.candidate.answer;
            let lost =
                shown.better == Some(Preference::Baseline) || answer.starts_with("抱歉") || answer.is_empty();
            assert!(lost, "{shown:?}");
        }
    }
}
