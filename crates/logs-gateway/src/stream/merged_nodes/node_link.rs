//! The connection to one of the nodes whose logs are merged.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::{FutureExt, LocalBoxFuture};
use reqwest::{Method, Response, StatusCode, header::CONTENT_TYPE};
use tokio::time::{Sleep, sleep};

use super::nodes_question::NodesQuestion;
use crate::nodes::{NodeHandle, PermissionCheck};

/// How long a node that was read is left alone after its connection broke, the first time.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// The longest of these waits: each is twice as long as the one before.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// The connection to a node, which is made again whenever it breaks.
pub(super) struct NodeLink {
    node: NodeHandle,
    state: LinkState,
    /// Ends when the node has not been heard of for long.
    lost: LocalBoxFuture<'static, ()>,
    next_wait: Duration,
}

enum LinkState {
    Asking(LocalBoxFuture<'static, Result<Response, Option<u16>>>),
    /// It answers, and no more of it is wanted at present.
    Idle(Response),
    Receiving(LocalBoxFuture<'static, (Response, reqwest::Result<Option<Bytes>>)>),
    /// It is asked again then.
    Waiting(Pin<Box<Sleep>>),
    Over,
}

/// What happens on a connection.
pub(super) enum LinkEvent {
    Opened,
    Received(Bytes),
    /// The body ended or broke off, or the node is not heard of any more.
    Closed,
    /// There is no body, but an answer of this status, or none.
    Failed(Option<u16>),
    /// The node is to be asked again.
    Due,
}

impl NodeLink {
    /// Asks the node.
    pub(super) fn ask(node: NodeHandle, question: &NodesQuestion, cursor: Option<String>) -> Self {
        let state = LinkState::ask(&node, question, cursor);
        let lost = lost(&node);
        Self { node, state, lost, next_wait: FIRST_WAIT }
    }

    pub(super) fn name(&self) -> &Arc<str> {
        self.node.name()
    }

    /// Asks the node anew. A connection that there is is closed.
    pub(super) fn ask_again(&mut self, question: &NodesQuestion, cursor: Option<String>) {
        self.state = LinkState::ask(&self.node, question, cursor);
        self.lost = lost(&self.node);
    }

    /// Closes the connection. The node is asked again after a while, if it may return.
    pub(super) fn close(&mut self, may_return: bool) {
        if !may_return {
            self.state = LinkState::Over;
        } else if !matches!(self.state, LinkState::Waiting(_)) {
            self.state = LinkState::Waiting(Box::pin(sleep(self.next_wait)));
            self.next_wait = (2 * self.next_wait).min(LONGEST_WAIT);
        }
    }

    /// The next thing that happens. Of the body, a part is received if that is wanted.
    pub(super) fn poll(&mut self, context: &mut Context<'_>, is_wanted: bool) -> Poll<LinkEvent> {
        if matches!(self.state, LinkState::Asking(_) | LinkState::Idle(_) | LinkState::Receiving(_))
            && self.lost.poll_unpin(context).is_ready()
        {
            self.state = LinkState::Over;
            return Poll::Ready(LinkEvent::Closed);
        }
        match std::mem::replace(&mut self.state, LinkState::Over) {
            LinkState::Idle(response) if is_wanted => {
                self.state = LinkState::receive(response);
                self.poll_state(context)
            }
            state => {
                self.state = state;
                self.poll_state(context)
            }
        }
    }

    fn poll_state(&mut self, context: &mut Context<'_>) -> Poll<LinkEvent> {
        match &mut self.state {
            LinkState::Asking(asking) => match ready!(asking.poll_unpin(context)) {
                Ok(response) => {
                    self.state = LinkState::Idle(response);
                    Poll::Ready(LinkEvent::Opened)
                }
                Err(status) => {
                    self.state = LinkState::Over;
                    Poll::Ready(LinkEvent::Failed(status))
                }
            },
            LinkState::Receiving(receiving) => {
                let (response, received) = ready!(receiving.poll_unpin(context));
                Poll::Ready(self.take(response, received))
            }
            LinkState::Waiting(wait) => {
                ready!(wait.as_mut().poll(context));
                self.state = LinkState::Over;
                Poll::Ready(LinkEvent::Due)
            }
            LinkState::Idle(_) | LinkState::Over => Poll::Pending,
        }
    }

    fn take(&mut self, response: Response, received: reqwest::Result<Option<Bytes>>) -> LinkEvent {
        match received {
            Ok(Some(bytes)) => {
                self.next_wait = FIRST_WAIT;
                self.state = LinkState::Idle(response);
                LinkEvent::Received(bytes)
            }
            Ok(None) => {
                self.state = LinkState::Over;
                LinkEvent::Closed
            }
            Err(error) => {
                let node = self.node.name();
                tracing::warn!(%node, error = %error.without_url(), "the answer of a node broke off");
                self.state = LinkState::Over;
                LinkEvent::Closed
            }
        }
    }
}

impl LinkState {
    fn ask(node: &NodeHandle, question: &NodesQuestion, cursor: Option<String>) -> Self {
        let (node, question) = (node.clone(), question.clone());
        let asking = async move {
            let path = question.path_and_query(cursor.as_deref());
            let NodesQuestion { caller, context, headers, .. } = question;
            let check = PermissionCheck::ByNode;
            match node.ask(Method::GET, &path, &caller, &context, check, headers).await {
                Ok(response) => records(response),
                Err(error) => {
                    tracing::debug!(node = %node.name(), %error, "a node is missing in a merge");
                    Err(None)
                }
            }
        };
        Self::Asking(asking.boxed_local())
    }

    fn receive(mut response: Response) -> Self {
        let receiving = async move {
            let received = response.chunk().await;
            (response, received)
        };
        Self::Receiving(receiving.boxed_local())
    }
}

/// The answer, if it has records; else its status.
fn records(response: Response) -> Result<Response, Option<u16>> {
    let status = response.status();
    let content_type = response.headers().get(CONTENT_TYPE);
    match content_type.is_some_and(|kind| kind == "application/x-ndjson") {
        true if status == StatusCode::OK => Ok(response),
        _ => Err(Some(status.as_u16())),
    }
}

fn lost(node: &NodeHandle) -> LocalBoxFuture<'static, ()> {
    let node = node.clone();
    async move { node.lost().await }.boxed_local()
}
