use super::*;

fn scratch(name: &str) -> Service {
    let dir = std::env::temp_dir().join(format!("huiyin-dev-{name}-{}", std::process::id()));
    fs::create_dir_all(&dir).unwrap();
    Service { name: name.to_owned(), dir }
}

fn stat_line(name: &str, state: &str, started: u64) -> String {
    let before: Vec<String> = (4..22).map(|field| field.to_string()).collect();
    format!("17 ({name}) {state} {} {started} 23 24\n", before.join(" "))
}

#[test]
fn a_pid_file_is_read_as_it_was_written() {
    let mark = Mark { pid: 17, started: 123_456, port: 19092 };
    assert_eq!(Mark::parse(&mark.to_string()), Some(mark));
}

#[test]
fn a_pid_file_that_is_cut_or_foreign_names_no_process() {
    for text in ["", "17", "17 5", "17 5 99999", "-17 5 1", "17 5 1 1", "x y z"] {
        assert_eq!(Mark::parse(text), None, "{text:?}");
    }
}

#[test]
fn the_start_time_is_found_behind_any_name() {
    assert_eq!(start_time_in(&stat_line("java", "S", 77)), Some(77));
    assert_eq!(start_time_in(&stat_line("a) R 1 (b", "R", 78)), Some(78));
    assert_eq!(start_time_in(&stat_line("java", "Z", 77)), None);
    assert_eq!(start_time_in("17 (java) S 1"), None);
}

#[test]
fn a_number_that_was_given_to_another_process_is_neither_running_nor_signalled() {
    let service = scratch("reused");
    let own = std::process::id();
    let started = start_time(own).unwrap();
    fs::write(service.dir.join("pid"), Mark { pid: own, started, port: 1 }.to_string()).unwrap();
    assert!(service.running().is_some());
    fs::write(service.dir.join("pid"), Mark { pid: own, started: started + 1, port: 1 }.to_string()).unwrap();
    assert!(service.running().is_none());
    stop_all(std::slice::from_ref(&service)).unwrap();
    fs::remove_dir_all(&service.dir).unwrap();
}

#[test]
fn a_started_process_is_found_again_and_stopped() {
    let service = scratch("sleeper");
    let mut child = service.start(Command::new("sleep").arg("60"), 7).unwrap();
    service.wait_ready(&mut child, || Ok(())).unwrap();
    let found = service.running().unwrap();
    assert_eq!((found.pid, found.port), (child.id(), 7));
    stop_all(std::slice::from_ref(&service)).unwrap();
    assert!(service.running().is_none() && !service.dir.join("pid").exists());
    assert!(!child.wait().unwrap().success());
    fs::remove_dir_all(&service.dir).unwrap();
}

#[test]
fn a_process_that_ends_while_starting_is_reported_with_its_last_words() {
    let service = scratch("failing");
    let mut child =
        service.start(Command::new("sh").args(["-c", "sleep 0.2; echo no room; exit 3"]), 7).unwrap();
    let refusal =
        service.wait_ready(&mut child, || -> Result<()> { bail!("not yet") }).unwrap_err().to_string();
    assert!(refusal.contains("exit status: 3") && refusal.contains("no room"), "{refusal}");
    fs::remove_dir_all(&service.dir).unwrap();
}
