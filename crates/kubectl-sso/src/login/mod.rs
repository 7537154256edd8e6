//! The ways to log in: with a password, in a browser, or in a browser of another machine.

mod browser;
mod callback;
mod device;
mod loopback;
mod secret_text;

pub(crate) use browser::in_browser;
pub(crate) use device::on_another_machine;
