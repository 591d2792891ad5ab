use crate::http::{call, order, post, read};
use crate::line::easemob;
use crate::model::{ask, asking, start};
use crate::rest::{send, sending, token};
use serde_json::{Value, json};
use simulators::Handle;
use simulators::model::Config;
use std::time::{Duration, Instant};

async fn plan(sim: &Handle, fault: Value) {
    order(sim, "/control/faults", json!({"fault": fault})).await;
}

#[tokio::test]
async fn a_model_answers_with_exactly_the_bytes_of_a_script() {
    let sim = start(Config { latency: Duration::from_secs(60), ..Config::default() }).await;
    // "hi", gzipped.
    let packed = "1f8b08000000000002ffcbc80400ac2a93d802000000";
    let headers = json!({"content-encoding": "gzip", "content-type": "text/plain", "x-vendor": "v"});
    plan(&sim, json!({"kind": "reply", "headers": headers, "body_hex": packed})).await;
    let packed_reply = ask(&sim, "m", &["x"]).await;
    assert_eq!(packed_reply.status, 200);
    assert_eq!(packed_reply.headers["content-encoding"], "gzip");
    assert_eq!(
        (&packed_reply.headers["content-type"], &packed_reply.headers["x-vendor"]),
        (&"text/plain".parse().unwrap(), &"v".parse().unwrap())
    );
    plan(&sim, json!({"kind": "reply", "status": 413, "body": "<html>too large</html>", "delay": "150ms"}))
        .await;
    let begun = Instant::now();
    let refused = ask(&sim, "m", &["x"]).await;
    assert!(begun.elapsed() >= Duration::from_millis(150));
    assert_eq!((refused.status, refused.text.as_str()), (413, "<html>too large</html>"));
    let entries = read(&sim, "/control/ledger").await["entries"].clone();
    assert_eq!((&entries[0]["billed"], &entries[1]["billed"]), (&json!(true), &json!(false)));
    assert_eq!(entries[1]["fault"]["body"], "<html>too large</html>");
    let fault = json!({"kind": "reply", "headers": {"content-length": "9"}});
    assert_eq!(post(&sim, "/control/faults", json!({"fault": fault})).await.status, 422);
}

#[tokio::test]
async fn a_send_is_answered_by_a_script_whether_it_was_accepted_or_not() {
    let sim = easemob(vec![]).await;
    let token = token(&sim).await;
    let inbox = async || read(&sim, "/control/inbox?user=alice").await["messages"].as_array().unwrap().len();
    let user = async || send(&sim, &token, "users", json!({"to": ["alice"]})).await;
    let empty = r#"{"path":"/messages/users","data":{}}"#;
    plan(&sim, json!({"kind": "reply", "accepted": true, "body": empty, "delay": "120ms"})).await;
    let begun = Instant::now();
    let answered = user().await;
    assert!(begun.elapsed() >= Duration::from_millis(120));
    assert_eq!((answered.status, answered.text.as_str(), inbox().await), (200, empty, 1));
    plan(&sim, json!({"kind": "reply", "body": "", "headers": {"content-type": "text/html"}})).await;
    let answered = user().await;
    assert_eq!((answered.status, answered.text.as_str(), inbox().await), (200, "", 1));
    let scope = json!({"scope": {"path": "token"}, "fault": {"kind": "reply", "status": 429}});
    order(&sim, "/control/faults", scope).await;
    assert_eq!(post(&sim, "/acme/support/token", json!({})).await.status, 429);
    assert_eq!(user().await.status, 200);
    assert_eq!(inbox().await, 2);
}

#[tokio::test]
async fn kept_connections_that_are_dead_break_when_they_are_used_again_and_new_ones_do_not() {
    // Idle connections belong to this test's runtime.
    let keeping = reqwest::Client::builder().no_proxy().build().unwrap();
    let again = async |request: reqwest::RequestBuilder| {
        call(reqwest::RequestBuilder::from_parts(keeping.clone(), request.build().unwrap())).await
    };
    let model = start(Config::default()).await;
    assert_eq!(again(asking(&model, "m", &["x"])).await.unwrap().status, 200);
    let dead = json!({"scope": {"reused": true}, "times": 100, "fault": {"kind": "reset"}});
    order(&model, "/control/faults", dead.clone()).await;
    assert!(again(asking(&model, "m", &["x"])).await.is_err());
    assert_eq!(again(asking(&model, "m", &["x"])).await.unwrap().status, 200);
    assert!(again(asking(&model, "m", &["x"])).await.is_err());

    let sim = easemob(vec![]).await;
    let token = token(&sim).await;
    let user = || sending(&sim, &token, "users", json!({"to": ["alice"]}));
    assert_eq!(again(user()).await.unwrap().status, 200);
    order(&sim, "/control/faults", dead).await;
    assert!(again(user()).await.is_err());
    assert_eq!(again(user()).await.unwrap().status, 200);
    assert_eq!(read(&sim, "/control/inbox?user=alice").await["messages"].as_array().unwrap().len(), 2);
}
