use super::*;

/// [`GOOD`] with settings at the end of its app, and targets of which `sees` has a model that sees pictures.
fn file(settings: &str) -> String {
    let targets = r#"
[[target]]
name = "sees"
provider = "openai"
model = "gpt-4o"
region = "cn"
"#;
    GOOD.replacen("[[target]]", &format!("{settings}\n[[target]]"), 1) + targets
}

fn wrong(settings: &str) -> Vec<(String, String)> {
    let text = file(settings);
    told(&text, read(&text).unwrap_err())
}

#[test]
fn what_is_wrong_with_media_is_told_with_its_line() {
    let told = wrong(
        "[app.media]\nhosts = [\"a1.easemob.com\", \"A1.easemob.com\", \"x\", \"10.0.0.1\", \"h:1\"]\nmax_bytes = 0\nmax_images = 17\n",
    );
    let what: Vec<&str> = told.iter().map(|(_, what)| what.rsplit_once(": media.").unwrap().1).collect();
    assert_eq!(
        what,
        [
            "max_bytes may not be zero",
            "max_images must be from 1 to 16",
            "hosts: it has \"A1.easemob.com\" twice",
            "hosts: \"x\" is no name of a host, such as a1.easemob.com",
            "hosts: \"10.0.0.1\" is no name of a host, such as a1.easemob.com",
            "hosts: \"h:1\" is no name of a host, such as a1.easemob.com",
        ]
    );
    assert_eq!(told[0].0, "max_bytes = 0");
    for (url, why) in [
        ("https://files.example.com/x", "needs {{ file }}"),
        ("http://files.example.com/{{ file }}", "must be https://"),
        ("https://{{ file }}.example.com/x", "in its host"),
        ("https://files.example.com/{{ file }}/{{ file }}", "once"),
        ("https://files.example.com/{{ file }}/{{ app }}", "once"),
    ] {
        let told = wrong(&format!("[app.media]\nimage_url = \"{url}\"\n"));
        assert!(told.len() == 1 && told[0].1.contains(why), "{url}: {told:?}");
    }
    let told = wrong("[app.media]\nimage_url = \"https://h.example.com/{{ file }}\"\nshare_secret = true\n");
    assert!(told.len() == 1 && told[0].1.contains("does not go with share_secret"), "{told:?}");
}

#[test]
fn a_route_shows_pictures_to_models_that_see_them_and_by_addresses_that_the_app_allows() {
    let route = |media: &str, chain: &str| {
        format!(
            "{media}\n[[app.route]]\nname = \"r\"\nwhen = {{ message = [\"image\"] }}\nthen = {{ chain = [{chain}], vision = true }}\n"
        )
    };
    let media = "[app.media]\nhosts = [\"a1.easemob.com\"]";
    let bundle = read(&file(&route(media, "\"sees\""))).unwrap();
    assert!(bundle.apps.values().all(|app| app.routes[0].shows_pictures()));
    for (media, chain, why) in [
        ("", "\"sees\"", "vision needs hosts or image_url in [app.media]"),
        ("[app.media]\nmax_images = 2", "\"sees\"", "vision needs hosts or image_url in [app.media]"),
        (
            media,
            "\"sees\", \"spare\"",
            "vision: its chain can reach spare, whose model \"m-2\" is not known to see pictures",
        ),
    ] {
        let told = wrong(&route(media, chain));
        assert!(told.len() == 1 && told[0].0.starts_with("then =") && told[0].1.contains(why), "{told:?}");
    }
    let row = "[[model]]\nprovider = \"local\"\nmodel = \"m-2\"\nvision = true\n";
    assert!(read(&(file(&route(media, "\"sees\", \"spare\"")) + row)).is_ok());
    let told =
        wrong(&format!("{media}\n[[app.route]]\nname = \"r\"\nthen = {{ vision = true, say = \"x\" }}\n"));
    assert!(told.iter().any(|(_, what)| what.contains("say and person stand alone")), "{told:?}");
}

#[test]
fn a_route_behind_one_that_shows_pictures_is_reached_where_there_is_none_to_show() {
    let media = "[app.media]\nhosts = [\"a1.easemob.com\"]";
    let see = "[[app.route]]\nname = \"see\"\nwhen = { message = [\"image\"] }\nthen = { chain = [\"sees\"], vision = true }\n";
    let say = "[[app.route]]\nname = \"say\"\nwhen = { message = [\"image\"] }\nthen = { say = \"no\" }\n";
    assert!(read(&file(&format!("{media}\n{see}{say}"))).is_ok());
    let told = wrong(&format!("{media}\n{say}{see}"));
    assert!(told.len() == 1 && told[0].1.contains("it is never reached"), "{told:?}");
}
