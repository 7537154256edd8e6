//! A server of mail that keeps what it gets.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    time::timeout,
};

/// A server of mail that keeps what it gets (RFC 5321, without extensions).
#[derive(Clone)]
pub(crate) struct SmtpSink {
    pub(crate) port: u16,
    mails: Arc<Mutex<Vec<ReceivedMail>>>,
    is_down: Arc<AtomicBool>,
}

/// A mail as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct ReceivedMail {
    pub(crate) to: String,
    /// Headers and text.
    pub(crate) text: String,
}

impl SmtpSink {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let sink = Self { port, mails: Arc::default(), is_down: Arc::default() };
        let accepting = sink.clone();
        tokio::task::spawn_local(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let sink = accepting.clone();
                tokio::task::spawn_local(async move {
                    let _ = timeout(Duration::from_secs(30), sink.serve(stream)).await;
                });
            }
        });
        sink
    }

    /// Refuses every mail for now, as an overloaded server does.
    pub(crate) fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }

    /// The mails that have arrived since the last call.
    pub(crate) fn take(&self) -> Vec<ReceivedMail> {
        std::mem::take(&mut self.mails.lock().unwrap())
    }

    /// The only mail that has arrived since the last call.
    #[track_caller]
    pub(crate) fn take_one(&self) -> ReceivedMail {
        let mut mails = self.take();
        assert_eq!(mails.len(), 1, "{mails:?}");
        mails.remove(0)
    }

    async fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let mut stream = BufReader::new(stream);
        stream.write_all(b"220 sink\r\n").await?;
        let mut mail = ReceivedMail { to: String::new(), text: String::new() };
        let mut line = String::new();
        while {
            line.clear();
            stream.read_line(&mut line).await? > 0
        } {
            let command = line.trim_end().to_owned();
            let answer = match command.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
                "MAIL" if self.is_down.load(Ordering::SeqCst) => "451 not now\r\n",
                "RCPT" => {
                    mail.to = command.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                    "250 ok\r\n"
                }
                "DATA" => {
                    stream.write_all(b"354 go on\r\n").await?;
                    while {
                        line.clear();
                        stream.read_line(&mut line).await? > 0
                    } && line != ".\r\n"
                    {
                        mail.text.push_str(&line);
                    }
                    mail.text = decoded(&mail.text);
                    self.mails.lock().unwrap().push(mail.clone());
                    "250 kept\r\n"
                }
                "QUIT" => {
                    stream.write_all(b"221 bye\r\n").await?;
                    return Ok(());
                }
                _ => "250 ok\r\n",
            };
            stream.write_all(answer.as_bytes()).await?;
        }
        Ok(())
    }
}

/// The text without the quoted-printable encoding of long lines (RFC 2045 §6.7).
fn decoded(text: &str) -> String {
    match text.contains("Content-Transfer-Encoding: quoted-printable") {
        true => text.replace("=\r\n", "").replace("=3D", "="),
        false => text.to_owned(),
    }
}

impl ReceivedMail {
    /// The code in the mail.
    #[track_caller]
    pub(crate) fn code(&self) -> String {
        let is_code =
            |line: &&str| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit());
        self.text.lines().find(is_code).unwrap_or_else(|| panic!("{}", self.text)).to_owned()
    }

    /// The secret of the link in the mail.
    #[track_caller]
    pub(crate) fn link_secret(&self) -> String {
        let mut lines = self.text.lines();
        let secret = lines.find_map(|line| line.split_once("http://127.0.0.1:8001/reset?token="));
        secret.unwrap_or_else(|| panic!("{}", self.text)).1.to_owned()
    }
}
