use super::*;

fn read(text: &str) -> Result<File, String> {
    File::parse(Path::new("cases.toml"), text).map_err(|bad| bad.to_string())
}

const CASE: &str = "[[case]]\nname = \"n\"\n[[case.step]]\n";

#[test]
fn a_case_is_read_with_its_lines_and_defaults() {
    let file = read("# cases\n[[case]]\nname = \"n\"\n\n[[case.step]]\nafter = \"2s\"\nsay = \"hi\"\next = { n = 1 }\nanswer = \"yes\"\n").unwrap();
    let [case] = file.cases.as_slice() else { panic!("{file:?}") };
    assert_eq!((case.line, case.user.as_str(), case.at), (2, SOMEBODY, START));
    let [step] = case.steps.as_slice() else { panic!("{case:?}") };
    assert_eq!((step.line, step.after), (5, 2_000));
    assert_eq!(step.answer.as_ref().unwrap().text, "yes");
    let Act::Say(said) = &step.act else { panic!("{step:?}") };
    assert_eq!((said.text.as_str(), said.kind), ("hi", MessageKind::Text));
    assert_eq!(said.ext["n"], 1);
}

#[test]
fn everything_that_can_happen_is_read() {
    for act in [
        "answer = \"x\"",
        "fail = \"timeout\"",
        "vanish = true",
        "review = \"safe\"",
        "wait = \"10s\"",
        "recall = \"1\"",
        "edit = { message = \"1\", text = \"x\" }",
        "take_over = \"carol\"",
        "hand_back = true",
        "finding = { message = \"1\" }",
        "targets = { deep = \"open\", main = { waiting = \"8s\" } }",
        "targets = {}",
        "say = \"x\"\ntier = \"gold\"",
        "body = { type = \"img\", url = \"https://x/1\" }",
        "answer = \"x\"\nreview = \"unsafe\"\ntarget = \"m\"\ntruncated = true",
    ] {
        read(&format!("{CASE}{act}\n")).unwrap_or_else(|bad| panic!("{act}: {bad}"));
    }
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    for (text, told) in [
        ("", "cases.toml:1: the file has no [[case]]"),
        ("[[case]]\nname = \"n\"\n", "cases.toml:2: a case has at least one [[case.step]]"),
        ("[[case]]\nname = 5\n", "cases.toml:2: invalid type"),
        (&format!("{CASE}sya = \"x\"\n"), "cases.toml:4: unknown field `sya`"),
        (&format!("{CASE}say = \"x\"\nexpect = {{ rout = \"y\" }}\n"), "cases.toml:5: unknown field `rout`"),
        (&format!("{CASE}after = \"1s\"\n"), "cases.toml:3: a step has exactly one of"),
        (&format!("{CASE}say = \"x\"\nwait = \"1s\"\n"), "cases.toml:3: a step has exactly one of"),
        (&format!("{CASE}wait = \"1s\"\nanswer = \"x\"\n"), "cases.toml:3: a step has exactly one of"),
        (&format!("{CASE}wait = \"soon\"\n"), "cases.toml:4: "),
        (&format!("{CASE}say = \"x\"\nkind = \"film\"\n"), "cases.toml:5: unknown variant `film`"),
        (&format!("{CASE}say = \"x\"\nfrom = \"\"\n"), "cases.toml:5: "),
        (&format!("{CASE}review = \"fine\"\n"), "cases.toml:4: unknown variant `fine`"),
        (&format!("{CASE}say = \"x\"\nexpect.ruling = \"asks\"\n"), "cases.toml:5: unknown variant `asks`"),
        (&format!("{CASE}say = \"x\"\nexpect.verdict = \"stop\"\n"), "cases.toml:5: unknown variant `stop`"),
        (
            &format!("{CASE}say = \"x\"\nexpect.complexity = \"easy\"\n"),
            "cases.toml:5: unknown variant `easy`",
        ),
        (&format!("{CASE}say = \"x\"\nexpect.thinking = \"yes\"\n"), "cases.toml:5: thinking is"),
        (&format!("{CASE}say = \"x\"\nexpect.answer_within = \"soon\"\n"), "cases.toml:5: "),
        (
            "[[case]]\nname = \"n\"\nat = \"monday\"\n[[case.step]]\nsay = \"x\"\n",
            "cases.toml:3: \"monday\" is neither",
        ),
        (
            "[[case]]\nname = \"n\"\ngroup = \"1\"\nroom = \"2\"\n[[case.step]]\nsay = \"x\"\n",
            "cases.toml:4: a case has a group or a room",
        ),
        ("[[case]]\nname = \"n\"\napp = \"acme\"\n[[case.step]]\nsay = \"x\"\n", "cases.toml:3: "),
        ("[[case]\n", "cases.toml:1: "),
    ] {
        let bad = read(text).unwrap_err();
        assert!(bad.starts_with(told), "{text}\n{bad}\n{told}");
    }
}

#[test]
fn a_folder_stands_for_its_files_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let missing = all(&[folder.path().to_owned()]).unwrap_err().to_string();
    assert!(missing.ends_with("the folder has no .toml file"), "{missing}");
    for name in ["b.toml", "a.toml", "notes.md"] {
        std::fs::write(path(name), "").unwrap();
    }
    assert_eq!(
        all(&[folder.path().to_owned(), path("notes.md")]).unwrap(),
        [path("a.toml"), path("b.toml"), path("notes.md")]
    );
    let gone = File::read(&path("gone.toml")).unwrap_err().to_string();
    assert!(gone.contains("gone.toml: read file: "), "{gone}");
}
