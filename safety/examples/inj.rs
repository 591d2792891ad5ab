#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, clippy::indexing_slicing)]
fn main() {
    let d = safety::injection::Detector::new();
    for path in std::env::args().skip(1) {
        let (mut r, mut ra, mut f, mut fa) = (0, 0, 0, 0);
        for line in std::fs::read_to_string(&path).unwrap().lines().filter(|l| !l.starts_with('#')) {
            let v: Vec<&str> = line.splitn(3, '\t').collect();
            let text = v[2].replace("\\n", "\n");
            let a = d.assess(&text);
            let hit = a.score() >= 500;
            if v[0] == "injection" { ra += 1; r += hit as u32; } else { fa += 1; f += hit as u32; }
            if hit != (v[0] == "injection") { println!("{} {} {} {:?} {}", v[0], v[1], a.score(), a.signals, v[2]); }
        }
        println!("{path}: recall {r}/{ra} false {f}/{fa}");
    }
}
