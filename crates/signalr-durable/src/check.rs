//! Clients that fall silent, and authentications that expire: found when something needs to know, by an alarm now and
//! then, and by a timer where the time-outs are short enough for one to cost nothing.

use std::{rc::Rc, time::Duration};

use signalr::close_text;
use worker::Delay;

use crate::{clock, line::Line, live::Live, millis, outbox::RecordKind, server::Server, table::Slot};

/// How often a sleeping object is woken to look for dead sockets.
pub(crate) const CHECK_MILLIS: f64 = 30.0 * 60_000.0;

/// A ping is due at the end of the client's interval, and the answer to it a little later.
const GRACE_MILLIS: f64 = 1_000.0;

/// How often a timer looks, at least and at most.
const TICK_MILLIS: (u64, u64) = (20, 1_000);

impl Server {
    /// When [`check`](Self::check) should run next, in milliseconds since the epoch; none while nobody is connected.
    /// The application sets its alarm accordingly whenever it has served a request, and after each alarm.
    pub fn next_check_millis(&self) -> Option<f64> {
        self.restore();
        let table = self.table.borrow();
        if table.len() == 0 {
            return None;
        }
        let now_millis = clock::now_millis();
        if self.checked_at_millis.get() == 0.0 {
            self.checked_at_millis.set(now_millis);
        }
        let routine = (self.checked_at_millis.get() + CHECK_MILLIS).min(self.user_groups.next_expiry_millis());
        if !self.options.close_on_authentication_expiration {
            return Some(routine);
        }
        let expiries = table.slots().into_iter().filter_map(|slot| table.get(slot)?.identity.expires_at_millis);
        Some(expiries.fold(routine, f64::min).max(now_millis))
    }

    /// Closes connections whose client has fallen silent, and those whose authentication has expired where the options
    /// ask for that, and ends the memberships of users whose time is over. Call it from the object's alarm, and before a
    /// decision that counts connections.
    pub fn check(&self) {
        self.restore();
        self.close_silent();
        self.expire_user_groups();
        if self.options.close_on_authentication_expiration {
            self.close_expired();
        }
        self.checked_at_millis.set(clock::now_millis());
        self.flush();
    }

    fn close_expired(&self) {
        let now_millis = clock::now_millis();
        let slots = self.table.borrow().slots();
        for slot in slots {
            let is_expired = self.table.borrow().get(slot).is_some_and(|entry| {
                !entry.live.is_closing && entry.identity.expires_at_millis.is_some_and(|at| at <= now_millis)
            });
            if is_expired {
                self.close_slot(slot, None, true);
            }
        }
    }

    fn close_silent(&self) {
        let now_millis = clock::now_millis();
        let timeout_millis = millis(self.options.client_timeout_millis);
        let grace_millis = if self.options.times_clients() { 0.0 } else { GRACE_MILLIS };
        let slots = self.table.borrow().slots();
        for slot in slots {
            let is_silent = {
                let mut table = self.table.borrow_mut();
                let Some(entry) = table.get_mut(slot).filter(|entry| !entry.live.is_closing) else { continue };
                let heard = self.last_heard(&mut entry.live, now_millis);
                heard.is_some_and(|heard_at| now_millis - heard_at > timeout_millis + grace_millis)
            };
            if is_silent {
                self.put_end_down_to(slot, &close_text::client_timeout(true));
                self.close_slot(slot, Some(&close_text::client_timeout(self.options.detailed_errors)), true);
            }
        }
    }

    /// When a client was heard last; none if it need not be heard: it never pinged, waits for us, or its transport
    /// tells of its end.
    fn last_heard(&self, live: &mut Live, now_millis: f64) -> Option<f64> {
        let socket = match &live.line {
            Line::Socket(socket) => Some(socket),
            Line::Events(_) => None,
            // Whoever does not poll is found by its window.
            Line::Poll(_) | Line::Lost => return None,
        };
        let queue = live.work.borrow();
        if queue.is_busy || queue.running > 0 || !live.waiting.is_empty() {
            drop(queue);
            live.heard_at_millis = now_millis;
            return None;
        }
        drop(queue);
        let answered_at = socket.and_then(|socket| socket.answered_at_millis(&self.state));
        if answered_at.is_none() && !live.has_pinged {
            return None;
        }
        Some(answered_at.map_or(live.heard_at_millis, |at| at.max(live.heard_at_millis)))
    }

    /// Starts the timer that short intervals need, unless it runs.
    pub(crate) fn watch(&self) {
        let options = &self.options;
        let mut interval = u64::MAX;
        if options.pings() {
            interval = options.keep_alive_millis;
        }
        if options.times_clients() {
            interval = interval.min(options.client_timeout_millis);
        }
        if interval == u64::MAX || self.table.borrow().len() == 0 || self.is_ticking.replace(true) {
            return;
        }
        let tick = Duration::from_millis((interval / 2).clamp(TICK_MILLIS.0, TICK_MILLIS.1));
        self.spawn(move |server| async move {
            while server.table.borrow().len() > 0 {
                Delay::from(tick).await;
                server.tick();
            }
            server.is_ticking.set(false);
        });
    }

    fn tick(self: &Rc<Self>) {
        if self.options.times_clients() {
            self.close_silent();
        }
        if self.options.pings() {
            let slots = self.table.borrow().slots();
            for slot in slots {
                self.ping_if_idle(slot);
            }
        }
        self.flush();
    }

    fn ping_if_idle(&self, slot: Slot) {
        let protocol = {
            let table = self.table.borrow();
            let Some(entry) = table.get(slot) else { return };
            let idle_millis = clock::now_millis() - entry.live.written_at_millis;
            let is_idle = idle_millis >= millis(self.options.keep_alive_millis);
            match entry.live.line {
                Line::Socket(_) if is_idle => entry.protocol(),
                _ => None,
            }
        };
        if let Some(protocol) = protocol {
            self.enqueue(slot, protocol, protocol.ping().to_vec(), RecordKind::Control);
        }
    }
}
