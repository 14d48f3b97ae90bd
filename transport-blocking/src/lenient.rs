//! A connection whose answers have mended heads.

use ureq::Error;
use ureq::unversioned::transport::{Buffers, NextTimeout, Transport};

use crate::head::Heads;

/// A connection that passes on the head of an answer when it is complete and mended. The output goes through as it is.
#[derive(Debug)]
pub(crate) struct LenientHead<T> {
    inner: T,
    heads: Heads,
    input: Vec<u8>,
    /// Whether ureq used some of the input when it last looked. If not, it needs more.
    was_used: bool,
}

impl<T> LenientHead<T> {
    pub(crate) fn new(inner: T) -> Self {
        Self { inner, heads: Heads::default(), input: Vec::new(), was_used: false }
    }
}

impl<T: Transport> LenientHead<T> {
    /// Takes over what the connection has read.
    fn take_input(&mut self) -> Result<(), Error> {
        let buffers = self.inner.buffers();
        let read = buffers.input();
        let amount = read.len();
        if self.heads.is_over() {
            self.input.extend_from_slice(read);
        } else {
            self.input.extend(self.heads.push(read)?);
        }
        buffers.input_consume(amount);
        Ok(())
    }
}

impl<T: Transport> Transport for LenientHead<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.inner.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let has_read = self.inner.await_input(timeout)?;
        self.take_input()?;
        if !has_read && !self.heads.is_over() {
            self.input.extend(self.heads.finish());
        }
        Ok(has_read)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

impl<T: Transport> Buffers for LenientHead<T> {
    fn output(&mut self) -> &mut [u8] {
        self.inner.buffers().output()
    }

    fn input(&self) -> &[u8] {
        &self.input
    }

    fn input_append_buf(&mut self) -> &mut [u8] {
        self.inner.buffers().input_append_buf()
    }

    fn input_appended(&mut self, amount: usize) {
        self.inner.buffers().input_appended(amount);
    }

    fn input_consume(&mut self, amount: usize) {
        self.was_used = amount > 0;
        self.input.drain(..amount.min(self.input.len()));
    }

    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        self.inner.buffers().tmp_and_output()
    }

    fn can_use_input(&self) -> bool {
        self.was_used && !self.input.is_empty()
    }
}
