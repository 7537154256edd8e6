//! Single histories, each for one promise.

use super::*;

const PROMPT: CallOutcome = CallOutcome::Answered { after: Duration::from_millis(10) };

/// A model with these fates, and a caller.
fn start(fates: &[CallOutcome]) -> (Rc<Model>, impl Fn(u8) -> JoinHandle<Option<Identification>>) {
    let model = Model::new(fates);
    let batching = Batching::new(model.clone(), TIMEOUT);
    let asked = model.clone();
    (model, move |number| spawn_local(call(asked.clone(), batching.clone(), number, None)))
}

fn sizes(model: &Model) -> Vec<usize> {
    model.calls.borrow().iter().map(Vec::len).collect()
}

#[test]
fn a_lone_request_is_sent_at_once_and_later_ones_share_the_next_call() {
    in_paused_time(async {
        let (model, ask) = start(&[PROMPT]);
        let first = ask(0);
        sleep(Duration::from_millis(5)).await;
        assert_eq!(sizes(&model), [1]);
        // The first token again: its call was sent already.
        let rest = [0, 1, 2, 1].map(&ask);
        for caller in [first].into_iter().chain(rest) {
            caller.await.unwrap().unwrap().unwrap();
        }
        assert_eq!(sizes(&model), [1, 3]);
    });
}

#[test]
fn requests_that_arrive_together_share_calls() {
    in_paused_time(async {
        let (model, ask) = start(&[PROMPT]);
        let callers: Vec<_> = (0..150).map(ask).collect();
        for caller in callers {
            caller.await.unwrap().unwrap().unwrap();
        }
        let sizes = sizes(&model);
        assert_eq!(sizes.iter().sum::<usize>(), 150);
        assert_eq!(sizes[..2], [64, 64], "{sizes:?}");
        assert_eq!(sizes.len(), 3);
    });
}

#[test]
fn a_hanging_call_delays_no_other_request() {
    in_paused_time(async {
        let (_, ask) = start(&[CallOutcome::Hanging, PROMPT]);
        let hanging = ask(0);
        sleep(TICK).await;
        let since = Instant::now();
        ask(1).await.unwrap().unwrap().unwrap();
        assert!(since.elapsed() < TIMEOUT / 4, "{:?}", since.elapsed());
        let identification = hanging.await.unwrap().unwrap();
        assert!(matches!(identification, Err(IdentifyError::Unknown(_))));
    });
}

#[test]
fn a_request_beyond_the_bound_fails_at_once() {
    in_paused_time(async {
        let (_, ask) = start(&[CallOutcome::Hanging]);
        let hanging = ask(0);
        sleep(TICK).await;
        let waiting: Vec<_> = (0..MAX_WAITING).map(|_| ask(1)).collect();
        settle().await;
        let since = Instant::now();
        let identification = ask(1).await.unwrap().unwrap();
        let Err(IdentifyError::Unknown(cause)) = identification else {
            panic!("{identification:?}")
        };
        assert!(matches!(*cause, UnknownCause::Busy), "{cause}");
        assert_eq!(since.elapsed(), Duration::ZERO);
        for caller in waiting.into_iter().chain([hanging]) {
            caller.await.unwrap().unwrap().unwrap_err();
        }
        // There is room again for those who come later.
        let identification = ask(1).await.unwrap().unwrap();
        assert!(
            matches!(identification, Err(IdentifyError::Unknown(cause)) if !matches!(*cause, UnknownCause::Busy))
        );
    });
}

#[test]
fn a_token_whose_caller_left_is_not_asked_about() {
    in_paused_time(async {
        let (model, ask) = start(&[PROMPT]);
        let first = ask(0);
        sleep(TICK).await;
        let left = ask(1);
        sleep(TICK).await;
        left.abort();
        first.await.unwrap().unwrap().unwrap();
        ask(2).await.unwrap().unwrap().unwrap();
        let asked: Vec<_> = model.calls.borrow().concat();
        assert_eq!(asked, [token(0), token(2)]);
    });
}
