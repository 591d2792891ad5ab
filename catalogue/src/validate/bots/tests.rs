use schemas::ids::AppKey;

use crate::validate::tests::{read, told};

/// An app with these bots.
fn with(bots: &str) -> String {
    format!(
        "[[app]]\nkey = 'acme#support'\nchain = ['main']\nallowed_regions = ['cn']\nlabel = 'AI'\n{bots}\n\
         [[target]]\nname = 'main'\nprovider = 'local'\nmodel = 'm'\nregion = 'cn'\n"
    )
}

fn names(bots: &str) -> Vec<Vec<String>> {
    let bundle = read(&with(bots)).unwrap();
    bundle.apps[&AppKey::new("acme#support").unwrap()].bots.values().cloned().collect()
}

#[test]
fn two_bots_of_one_id_or_one_name_are_refused_with_their_line() {
    for (bots, line, what) in [
        (
            "[[app.bot]]\nid = 'bot_helpdesk'\nnames = ['helpdesk']\n[[app.bot]]\nid = 'Bot_HelpDesk'\nnames = ['other']",
            "id = 'Bot_HelpDesk'",
            "bot \"Bot_HelpDesk\" is configured twice: Easemob takes it for \"bot_helpdesk\", ids know no case",
        ),
        ("[[app.bot]]\nid = 'b'\n[[app.bot]]\nid = 'b'", "id = 'b'", "bot \"b\" is configured twice"),
        (
            "[[app.bot]]\nid = 'a'\nnames = ['小助手']\n[[app.bot]]\nid = 'b'\nnames = [\n'x',\n'小助手',\n]",
            "'小助手',",
            "the name \"小助手\" of bot \"b\" is one of bot \"a\" as well",
        ),
        (
            "[[app.bot]]\nid = 'a'\nnames = ['Help Desk']\n[[app.bot]]\nid = 'b'\nnames = ['@help desk']",
            "names = ['@help desk']",
            "the name \"help desk\" of bot \"b\" is one of bot \"a\"",
        ),
        (
            "[[app.bot]]\nid = 'a'\nnames = ['B']\n[[app.bot]]\nid = 'b'",
            "names = ['B']",
            "the name \"B\" of bot \"a\" is one of bot \"b\"",
        ),
        (
            "[[app.bot]]\nid = 'a'\n[[app.bot]]\nid = 'b'\nnames = ['A']",
            "names = ['A']",
            "the name \"A\" of bot \"b\" is one of bot \"a\"",
        ),
        ("[[app.bot]]\nid = 'a'\nnames = ['']", "names = ['']", "a name of bot \"a\" is empty"),
        ("[[app.bot]]\nid = 'a'\nnames = ['@ ']", "names = ['@ ']", "a name of bot \"a\" is empty"),
        ("[[app.bot]]\nid = ''", "id = ''", "user id"),
    ] {
        let text = with(bots);
        let told = told(&text, read(&text).unwrap_err());
        assert!(told.iter().any(|(l, w)| l.trim() == line && w.contains(what)), "{bots}: {told:?}");
    }
}

#[test]
fn a_name_is_taken_without_its_sign_and_spaces() {
    for written in
        ["@小助手", "＠小助手", " @ 小助手 ", "小助手", "小助手\u{2005}", "\u{200b}@小助手", "@@小助手"]
    {
        assert_eq!(
            names(&format!("[[app.bot]]\nid = 'a'\nnames = ['{written}']")),
            [["小助手"]],
            "{written:?}"
        );
    }
    assert_eq!(
        names("[[app.bot]]\nid = 'a'\nnames = ['@a', 'Help Desk', 'me@home']"),
        [["a", "Help Desk", "me@home"]]
    );
    assert_eq!(
        names("[[app.bot]]\nid = 'a'\nnames = ['x', '@x']"),
        [["x"]],
        "one name written twice is one name"
    );
}

#[test]
fn bots_of_two_apps_may_have_one_name() {
    let text = with("[[app.bot]]\nid = 'a'\nnames = ['x']");
    let other = text.split("[[target]]").next().unwrap().replace("acme#support", "acme#sales");
    assert_eq!(read(&format!("{text}{other}")).unwrap().apps.len(), 2);
}
