use proptest::prelude::*;

use super::*;

fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

fn told(problems: Vec<LineProblem>) -> Vec<(usize, String)> {
    problems.into_iter().map(|problem| (problem.line, problem.what)).collect()
}

#[test]
fn a_person_has_the_tier_of_its_line_however_the_id_is_spelt() {
    let text = "\u{feff}# vip\nzoe\tgold\r\n\nAlice\tsilver\n张三\tgold\n";
    let (table, problems) = TierTable::read(text, |_| true);
    assert_eq!((told(problems), table.len(), table.is_empty()), (vec![], 3, false));
    let tier = |id: &str| table.tier(&user(id)).map(str::to_owned);
    assert_eq!([tier("ZOE"), tier("alice")], [Some("gold".into()), Some("silver".into())]);
    assert_eq!(
        [tier("张三"), tier("al"), tier("alicea"), tier("zz")],
        [Some("gold".into()), None, None, None]
    );
    assert_eq!(TierTable::default().tier(&user("a")), None);
}

#[test]
fn what_is_wrong_is_told_with_its_line_and_the_other_lines_count() {
    let text = "a\tgold\nb gold\n\tgold\nc\t\nd\tbrass\nA\tgold\ne\tgold\tmore\nf\tgold";
    let (table, problems) = TierTable::read(text, |tier| tier == "gold");
    let told = told(problems);
    let lines: Vec<usize> = told.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [2, 3, 4, 5, 6, 7], "{told:?}");
    assert_eq!(told[0].1, "it is not a user, a tab and a tier");
    assert_eq!(told[3].1, "the tier \"brass\" is not configured");
    assert_eq!(told[4].1, "\"A\" stands in line 1 already");
    assert_eq!((table.tier(&user("f")), table.len()), (Some("gold"), 2));
}

#[test]
fn of_more_persons_than_may_be_the_first_count() {
    let text: String = (0..=MOST_USERS).map(|n| format!("u{n:07}\tg\n")).collect();
    let (table, problems) = TierTable::read(&text, |_| true);
    assert_eq!(told(problems), [(MOST_USERS + 1, "a table has at most 1000000 users".to_owned())]);
    assert_eq!((table.len(), table.tier(&user("U0999999"))), (MOST_USERS, Some("g")));
    // 8 bytes of an id, 4 of its end and 1 of its tier.
    assert!(table.bytes() < 13 * MOST_USERS + 200, "{}", table.bytes());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_table_says_what_a_map_of_its_lines_says(
        lines in prop::collection::vec(("[a-cA-C._-]{1,4}", 0_u8..3), 0..60), asked in "[a-cA-C._-]{1,4}",
    ) {
        let text: String = lines.iter().map(|(user, tier)| format!("{user}\tt{tier}\n")).collect();
        let mut map = std::collections::BTreeMap::new();
        for (user, tier) in &lines {
            map.entry(user.to_ascii_lowercase()).or_insert(format!("t{tier}"));
        }
        let (table, problems) = TierTable::read(&text, |_| true);
        prop_assert_eq!((table.len(), problems.len()), (map.len(), lines.len() - map.len()));
        prop_assert_eq!(table.tier(&user(&asked)), map.get(&asked.to_ascii_lowercase()).map(String::as_str));
        for (id, tier) in &map {
            prop_assert_eq!(table.tier(&user(id)), Some(tier.as_str()));
        }
    }

    #[test]
    fn fuzz_tables(text in "(?s).{0,400}") {
        let (table, _) = TierTable::read(&text, |tier| tier.len() < 9);
        prop_assert!(table.len() <= text.lines().count());
    }
}
