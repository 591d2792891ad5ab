//! What of a request a model gets: two requests with equal content are the same question.

use catalogue::Bundle;
use schemas::request::{Request, Role};
use schemas::text::Text;
use twox_hash::XxHash3_64;

/// 64 bits of XXH3, as 16 hex digits are written of it. It tells contents apart, and guards against nobody.
pub type Hash = u64;

/// Bytes of most requests with a history.
const USUAL: usize = 8_192;

/// The hash of its prompt, its chain and its parameters: of everything that a model or a reviewer gets, and who is asked.
pub fn content(request: &Request) -> Hash {
    let mut form = Canonical(Vec::with_capacity(USUAL));
    form.text(request.kind.label());
    form.count(request.chain.len());
    request.chain.iter().for_each(|target| form.text(target.as_str()));
    form.count(request.prompt.len());
    for line in &request.prompt {
        form.text(match line.role {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
        });
        form.content(&line.text);
        form.count(line.images.len());
        line.images.iter().for_each(|image| form.content(image));
    }
    let parameters = [
        Some(request.max_output_tokens),
        request.temperature_milli,
        request.thinking.map(u32::from),
        request.fallback_after_block.map(u32::from),
    ];
    parameters.into_iter().for_each(|parameter| form.number(parameter));
    form.count(request.stop.len());
    request.stop.iter().for_each(|stop| form.text(stop));
    short(&form.0)
}

/// The hash of its content together with what its bundle says of the targets that it names: equal names may be other models.
pub fn with_targets(request: &Request, bundle: &Bundle) -> Hash {
    let targets: Vec<_> = request.chain.iter().map(|name| bundle.targets.get(name)).collect();
    let reviewers: Vec<_> = request.chain.iter().map(|name| bundle.reviewers.get(name)).collect();
    // What has no JSON form has no hash of its own, and nothing of a bundle is such.
    short(&serde_json::to_vec(&(content(request), targets, reviewers)).unwrap_or_default())
}

/// The hash of some bytes.
pub(crate) fn short(bytes: &[u8]) -> Hash {
    XxHash3_64::oneshot(bytes)
}

/// Pieces one behind another, so that no two lists of them are the same bytes.
struct Canonical(Vec<u8>);

impl Canonical {
    fn count(&mut self, count: usize) {
        self.0.extend_from_slice(&(count as u64).to_le_bytes());
    }

    fn number(&mut self, number: Option<u32>) {
        self.0.push(u8::from(number.is_some()));
        self.0.extend_from_slice(&number.unwrap_or_default().to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn content(&mut self, text: &Text) {
        match text {
            Text::Plain(plain) => self.text(plain),
            Text::Sealed(sealed) => {
                // No plain text is so long.
                self.count(usize::MAX);
                self.text(&sealed.key);
                self.count(sealed.bytes.len());
                self.0.extend_from_slice(&sealed.bytes);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> Request {
        serde_json::from_str(include_str!("../../../schemas/examples/requests/valid-answer.json")).unwrap()
    }

    #[test]
    fn whatever_a_model_gets_is_told_apart_and_nothing_else_is() {
        type Change = fn(&mut Request);
        let changes: [Change; 9] = [
            |r| r.kind = schemas::request::RequestKind::Summary,
            |r| drop(r.chain.pop()),
            |r| drop(r.prompt.pop()),
            |r| r.prompt[0].text = "other".into(),
            |r| r.prompt[0].images.push("https://example.com/1.png".into()),
            |r| r.max_output_tokens += 1,
            |r| r.temperature_milli = r.temperature_milli.map_or(Some(0), |_| None),
            |r| r.thinking = r.thinking.map_or(Some(false), |_| None),
            |r| r.stop.push("#".to_owned()),
        ];
        let hashes = changes.iter().map(|change| {
            let mut changed = request();
            change(&mut changed);
            content(&changed)
        });
        let hashes: std::collections::BTreeSet<Hash> = hashes.chain([content(&request())]).collect();
        assert_eq!(hashes.len(), changes.len() + 1);
        let mut same = request();
        (same.answer_by, same.weight) = (same.answer_by + 1, Some(7));
        assert_eq!(content(&same), content(&request()));
    }

    #[test]
    fn texts_are_not_taken_for_other_texts_side_by_side() {
        let of = |lines: &[&str]| {
            let mut form = Canonical(Vec::new());
            lines.iter().for_each(|line| form.text(line));
            short(&form.0)
        };
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
    }
}
