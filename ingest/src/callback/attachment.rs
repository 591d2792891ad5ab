//! What a message brings that has no text of its own: its name in words, and where a picture is.

use schemas::attachment::Attachment;
use schemas::event::MessageKind;
use schemas::text::Text;

use super::field;
use super::value::{Fields, Json};

/// Most characters of what is said of an event.
const LONGEST_EVENT: usize = 500;

/// Reads a body of that kind; nothing where it has a text, or nothing that could be said of it.
pub(super) fn read(kind: MessageKind, body: &Fields<'_>) -> Option<Attachment> {
    let word = |name| field::word(body, name);
    let text = |word: Option<String>| word.map(Text::from);
    Some(match kind {
        MessageKind::Image => Attachment {
            caption: text(word("filename")),
            url: text(word("url")),
            secret: text(word("secret")),
            bytes: word("file_length").and_then(|bytes| bytes.parse().ok()),
        },
        MessageKind::Audio | MessageKind::Video | MessageKind::File => of_caption(word("filename")),
        MessageKind::Location => of_caption(word("addr")),
        MessageKind::Custom => of_caption(event(body)),
        MessageKind::Combined => {
            let told: Vec<String> = ["title", "summary"].into_iter().filter_map(word).collect();
            of_caption(Some(told.join("\n")).filter(|told| !told.is_empty()))
        }
        MessageKind::Other => Attachment::default(),
        MessageKind::Text | MessageKind::Command => return None,
    })
}

fn of_caption(caption: Option<String>) -> Attachment {
    Attachment { caption: caption.map(Text::from), ..Attachment::default() }
}

/// An event with its fields. Easemob sends them twice, as an object and, for old clients, as a list of objects.
fn event(body: &Fields<'_>) -> Option<String> {
    let event = field::word(body, "customEvent")?;
    let told = |fields: &Fields<'_>| -> Vec<String> {
        fields.iter().filter_map(|(name, value)| Some(format!("{name}={}", shown(value)?))).collect()
    };
    let fields = match (body.get("v2:customExts"), body.get("customExts")) {
        (Some(Json::Object(fields)), _) | (None, Some(Json::Object(fields))) => told(fields),
        (_, Some(Json::List(list))) => list.iter().filter_map(Json::as_object).flat_map(told).collect(),
        _ => Vec::new(),
    };
    let all = [event].into_iter().chain((!fields.is_empty()).then(|| fields.join(", ")));
    Some(all.collect::<Vec<_>>().join(": ").chars().take(LONGEST_EVENT).collect())
}

fn shown(value: &Json<'_>) -> Option<String> {
    match value {
        Json::Text(text) => Some(text.to_string()),
        Json::Number(number) => Some(number.to_string()),
        Json::Bool(flag) => Some(flag.to_string()),
        Json::Null | Json::List(_) | Json::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::json;
    use super::*;

    fn of(kind: MessageKind, body: &str) -> Option<Attachment> {
        read(kind, json::read(body).unwrap().as_object().unwrap())
    }

    fn caption(kind: MessageKind, body: &str) -> Option<String> {
        of(kind, body)?.caption?.plain().map(str::to_owned)
    }

    #[test]
    fn a_picture_has_its_name_its_address_and_its_size() {
        let body = r#"{"type":"img","url":"https://h/x","filename":"a.jpg","file_length":"42","secret":"s"}"#;
        let told = of(MessageKind::Image, body).unwrap();
        let plain = |text: &Option<Text>| text.as_ref().and_then(Text::plain).map(str::to_owned);
        assert_eq!(plain(&told.caption).as_deref(), Some("a.jpg"));
        assert_eq!((plain(&told.url).as_deref(), told.bytes), (Some("https://h/x"), Some(42)));
        assert_eq!(plain(&told.secret).as_deref(), Some("s"));
        let odd = of(MessageKind::Image, r#"{"url":7,"file_length":-1}"#).unwrap();
        assert_eq!((plain(&odd.url).as_deref(), odd.bytes, odd.caption), (Some("7"), None, None));
    }

    #[test]
    fn other_kinds_have_what_can_be_said_of_them_and_no_address() {
        for kind in [MessageKind::File, MessageKind::Audio, MessageKind::Video] {
            let told = of(kind, r#"{"url":"https://h/x","filename":"a.pdf","secret":"s"}"#).unwrap();
            assert_eq!(told, of_caption(Some("a.pdf".into())), "{kind:?}");
        }
        assert_eq!(caption(MessageKind::Location, r#"{"lat":1,"addr":"上海"}"#).as_deref(), Some("上海"));
        assert_eq!(caption(MessageKind::Combined, r#"{"title":"t","summary":"s"}"#).as_deref(), Some("t\ns"));
        assert_eq!(of(MessageKind::Other, "{}"), Some(Attachment::default()));
        assert_eq!((of(MessageKind::Text, "{}"), of(MessageKind::Command, "{}")), (None, None));
    }

    #[test]
    fn an_event_is_told_with_its_fields_in_either_form() {
        let told = |body: &str| caption(MessageKind::Custom, body);
        assert_eq!(
            told(
                r#"{"customEvent":"order","customExts":[{"no":7},{"paid":true}],"v2:customExts":{"no":"7"}}"#
            )
            .as_deref(),
            Some("order: no=7")
        );
        assert_eq!(
            told(r#"{"customEvent":"order","customExts":[{"no":7},{"x":[]}]}"#).as_deref(),
            Some("order: no=7")
        );
        assert_eq!(told(r#"{"customEvent":"ping"}"#).as_deref(), Some("ping"));
        assert_eq!(told(r#"{"customExts":{}}"#), None);
        let long = format!(r#"{{"customEvent":"e","customExts":{{"x":"{}"}}}}"#, "长".repeat(600));
        assert_eq!(told(&long).unwrap().chars().count(), LONGEST_EVENT);
    }
}
