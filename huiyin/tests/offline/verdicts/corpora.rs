//! The texts that the engine's own tests have.

use safety::Views;

#[allow(dead_code, reason = "a name of a technique is told by the engine's own tests")]
#[path = "../../../../safety/tests/it/techniques.rs"]
mod techniques;

/// Evasions, innocent texts, texts with personal data and near misses, injections and what looks like some.
pub(crate) fn all() -> Vec<String> {
    let mut texts: Vec<String> = [evasions(), by_hand(), innocent(), personal(), injections()].concat();
    texts.sort();
    texts.dedup();
    assert!(texts.len() > 5_000, "{}", texts.len());
    texts
}

fn file(name: &str) -> String {
    let path = format!("{}/../safety/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Lines that say something; `#` and a space start a comment.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.is_empty() && !line.starts_with("# "))
}

/// Every word in every disguise that its views see through.
fn evasions() -> Vec<String> {
    let mut texts = Vec::new();
    for entry in safety::tab_separated(&file("tests/data/seed.tsv")).unwrap() {
        let folded = safety::Folded::of(&entry.word);
        for technique in techniques::all() {
            let needed: Views = technique.views.iter().copied().collect();
            if !needed.within(entry.views) {
                continue;
            }
            if let Some(disguised) = (technique.disguise)(folded.chars()) {
                texts.push(format!("你好，{disguised}。"));
                texts.push(disguised);
            }
        }
    }
    texts
}

fn by_hand() -> Vec<String> {
    let texts = file("tests/data/by_hand_evasions.tsv");
    let read = |line: &str| serde_json::from_str(line.split_once('\t').unwrap().1).unwrap();
    lines(&texts).map(read).collect()
}

fn innocent() -> Vec<String> {
    let files = ["tests/data/innocent.txt", "tests/data/by_hand_innocent.txt"].map(file);
    files.iter().flat_map(|text| lines(text)).map(|line| line.replace("\\n", "\n")).collect()
}

/// Without the marks that tell what each is.
fn personal() -> Vec<String> {
    let unmarked = |line: &str| {
        let pieces = line.split('⟦').enumerate();
        let pieces = pieces.map(|(n, piece)| if n == 0 { piece } else { piece.split_once('|').unwrap().1 });
        pieces.collect::<String>().replace('⟧', "").replace("\\n", "\n")
    };
    lines(&file("src/personal/tests/corpus.txt")).map(unmarked).collect()
}

fn injections() -> Vec<String> {
    let files = ["src/injection/corpus/tuning.tsv", "src/injection/corpus/held_out.tsv"].map(file);
    let text = |line: &str| {
        let text = line.splitn(3, '\t').nth(2).unwrap();
        text.replace("\\\\", "\u{0}").replace("\\n", "\n").replace('\u{0}', "\\")
    };
    files.iter().flat_map(|all| lines(all)).map(text).collect()
}
