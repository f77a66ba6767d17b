//! Single answers: their limits, and what a write without one says.

use super::*;

#[tokio::test(start_paused = true)]
async fn single_answers_have_a_limit() {
    let hand = Hand::new();
    let (client, pods) = (hand.client(), Resource::from(Kind::Pod));
    let all = ListOptions::default();
    for (mode, class, words) in [
        (Mode::Never, FaultClass::Timeout, "GET /api/v1/pods: no answer within 30 s"),
        (Mode::Endless, FaultClass::Other, "the list has no end"),
        (Mode::Growing, FaultClass::Other, "more than 500000 items"),
    ] {
        hand.set("pods", mode);
        let fault = api::list(&client, &pods, &all).await.unwrap_err();
        assert_eq!(fault.class, class, "{mode:?}");
        assert!(fault.words.contains(words), "{mode:?}: {fault}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_read_to_its_limit() {
    let hand = Hand::new();
    hand.set("pods", Mode::Objects(3));
    let client = hand.client();
    let read = |most| {
        let asked = Request::get("/api/v1/pods").body(Vec::new()).unwrap();
        let client = client.clone();
        async move { crate::source::answer::whole::<Value>(&client, asked, most).await }
    };
    let size = 3 * object(0).to_string().len() as u64;
    assert!(read(size * 2).await.is_ok());
    let fault = read(size).await.unwrap_err();
    assert_eq!(fault.words, *format!("the answer has more than {size} bytes; it was not read further"));
}

#[tokio::test(start_paused = true)]
async fn a_write_without_answer_says_that_nobody_knows() {
    let hand = Hand::new();
    hand.set("web", Mode::Never);
    let (client, what) = (hand.client(), Resource::from(Kind::Deployment));
    for (dry_run, known) in [(false, false), (true, true)] {
        let patched = api::merge_patch(&client, &what, "x", "web", &json!({}), dry_run).await.unwrap_err();
        let deleted = api::delete(&client, &what, "x", "web", "", dry_run).await.unwrap_err();
        for fault in [patched, deleted] {
            assert_eq!(fault.class, FaultClass::Timeout);
            assert_eq!(!fault.words.contains("is not known: look before trying again"), known, "{fault}");
        }
    }
}

/// Any answer tells the time, one without a `Date` does not.
#[tokio::test]
async fn the_time_a_server_tells() {
    let client = |date: Option<&'static str>| {
        let answer = move |_: Request<Body>| async move {
            let mut answer = text(403, "{}");
            if let Some(date) = date {
                answer.headers_mut().insert(http::header::DATE, http::HeaderValue::from_static(date));
            }
            Ok::<_, Infallible>(answer)
        };
        Client::new(tower::service_fn(answer), "default")
    };
    let told = api::time(&client(Some("Sun, 01 Mar 2026 12:00:00 GMT"))).await;
    assert_eq!(told, "2026-03-01T12:00:00Z".parse().ok());
    assert_eq!(api::time(&client(Some("yesterday"))).await, None);
    assert_eq!(api::time(&client(None)).await, None);
}
