//! The model: the *real* ceremony in its world, with every possible next move of an adversary within the bounds.

use core::hash::{Hash, Hasher};
use core::marker::PhantomData;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::DefaultHasher;

use enlist_core::testing::{Broken, Fate, Harness, Manner, Op, Owner, Reply, Service, World};
use enlist_core::{Step, TransportKind};
use stateright::{Model, Property};

use crate::bounds::Bounds;

/// A ceremony with every reading of its service.
pub(crate) struct Game<C: Harness> {
    pub(crate) readings: Vec<C::Reading>,
    pub(crate) bounds: Bounds,
    pub(crate) ceremony: PhantomData<fn() -> C>,
}

/// A world, the remaining faults, and the rule that was broken on the way here.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct State<C: Harness> {
    world: World<C>,
    left: Bounds,
    crashed: bool,
    broken: Option<Broken>,
}

impl<C: Harness> Hash for State<C> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.world.hash(hasher);
        (self.left, self.crashed, &self.broken).hash(hasher);
    }
}

const CRASHES: [Fate; 4] = [Fate::CrashBeforeSending, Fate::CrashBeforeJournal, Fate::CrashAfterJournal, Fate::CrashBeforeSaving];
const FATES: [Fate; 11] = [
    Fate::NotSent(TransportKind::Connect),
    Fate::RequestLost,
    Fate::Delayed,
    Fate::AnswerLost,
    Fate::AnswerCut,
    Fate::CrashBeforeSending,
    Fate::CrashBeforeJournal,
    Fate::CrashAfterJournal,
    Fate::CrashBeforeSaving,
    Fate::NotSaved,
    Fate::AnsweredUnsaved,
];
const MANNERS: [Manner; 8] = [
    Manner::Busy { retry_after: None },
    Manner::TooMany { retry_after: Some(3) },
    Manner::SlowDown { interval: None },
    Manner::Gateway { status: 503, has_word: false },
    Manner::Gateway { status: 403, has_word: false },
    Manner::Gateway { status: 401, has_word: true },
    Manner::Gateway { status: 429, has_word: false },
    Manner::Garbled,
];

impl<C: Harness> State<C> {
    fn exchanges(&self, actions: &mut Vec<Op>) {
        let honest = |fate| Op::Exchange { manner: Manner::Honest, fate, ms: 0 };
        actions.push(honest(Fate::Answered));
        if self.left.faults > 0 {
            actions.extend(FATES.map(honest));
            actions.extend(MANNERS.map(|manner| Op::Exchange { manner, fate: Fate::Answered, ms: 0 }));
        }
    }

    /// Subtracts the cost of `op`; `None` if the bounds do not allow it.
    fn pay(&mut self, op: &Op) -> Option<()> {
        let purse = match op {
            Op::Exchange { manner: Manner::Honest, fate: Fate::Answered, .. } | Op::Reply(Reply::AsAsked) => return Some(()),
            Op::Exchange { .. } | Op::Crash | Op::Reply(_) => &mut self.left.faults,
            Op::Restart => &mut self.left.restarts,
            _ => return Some(()),
        };
        *purse = purse.checked_sub(1)?;
        self.crashed |= matches!(op, Op::Crash) || matches!(op, Op::Exchange { fate, .. } if CRASHES.contains(fate));
        Some(())
    }

    /// Whether nothing more has to happen: the ceremony has ended, or it waits for a human, who may walk away.
    fn may_rest(&self) -> bool {
        matches!(self.world.step(), Step::Done(_) | Step::Ask(_))
    }

    fn ended_well(&self) -> bool {
        matches!(self.world.step(), Step::Done(Ok(_)))
    }
}

impl<C: Harness> Model for Game<C> {
    type State = State<C>;
    type Action = Op;

    fn init_states(&self) -> Vec<State<C>> {
        let worlds = self.readings.iter().filter_map(|reading| World::new(*reading).ok());
        worlds.map(|world| State { world: world.hasty(), left: self.bounds, crashed: false, broken: None }).collect()
    }

    fn actions(&self, state: &State<C>, actions: &mut Vec<Op>) {
        if state.broken.is_some() {
            return;
        }
        match state.world.step() {
            Step::Send => state.exchanges(actions),
            Step::Notify(_) => actions.push(Op::Notified),
            Step::Wait { .. } => actions.push(Op::Wait { late_ms: 0 }),
            Step::Ask(_) => {
                actions.push(Op::Reply(Reply::AsAsked));
                if state.left.faults > 0 {
                    let others = [Reply::WrongCode, Reply::OldCode, Reply::SmsAgain];
                    actions.extend(others.into_iter().filter(|reply| !state.world.is_as_asked(*reply)).map(Op::Reply));
                }
            }
            Step::InFlight(_) | Step::Done(_) => {}
        }
        if state.left.faults > 0 && !matches!(state.world.step(), Step::Done(_)) {
            actions.push(Op::Crash);
        }
        if state.left.restarts > 0 && state.world.ceremony().restarted().is_some_and(|restarted| restarted.is_ok()) {
            actions.push(Op::Restart);
        }
        if state.world.has_straggler() {
            actions.push(Op::Straggler);
        }
        actions.extend([Owner::Approves, Owner::Declines].map(Op::Owner));
    }

    fn next_state(&self, last: &State<C>, op: Op) -> Option<State<C>> {
        let mut state = last.clone();
        state.pay(&op)?;
        state.broken = state.world.apply(&op).err();
        // An operation that changed nothing leads nowhere, whatever it cost.
        (state.world != last.world || state.broken != last.broken).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("every rule holds", |_, state: &State<C>| state.broken.is_none()),
            // Whatever the owner does, the client has a next step.
            Property::always("every stop is an end or a question", |game: &Self, state: &State<C>| {
                let goes_on = |op: &Op| !matches!(op, Op::Owner(_) | Op::Crash | Op::Straggler | Op::Restart);
                let mut actions = Vec::new();
                game.actions(state, &mut actions);
                state.broken.is_some()
                    || state.may_rest()
                    || actions.into_iter().filter(goes_on).any(|op| game.next_state(state, op).is_some())
            }),
            Property::always("with a fair service and a human the ceremony ends", |_, state: &State<C>| {
                state.broken.is_some() || state.world.clone().finish().is_ok()
            }),
            Property::sometimes("the credential arrives", |_, state: &State<C>| state.ended_well()),
            Property::sometimes("the credential arrives after a crash", |_, state: &State<C>| state.crashed && state.ended_well()),
            Property::sometimes("the credential is handed out and never arrives", |_, state: &State<C>| {
                state.world.service().delivered().is_some() && matches!(state.world.step(), Step::Done(Err(_)) | Step::Ask(_))
            }),
        ]
    }
}

impl<C: Harness> State<C> {
    pub(crate) fn why(&self) -> String {
        self.broken.as_ref().map_or_else(|| format!("{:?}", self.world.step()), ToString::to_string)
    }
}

/// Explores without the checker and counts the states that are wrongly taken for another state. Chance would then decide from which of the
/// two the exploration continues.
pub(crate) fn mistaken<C: Harness>(game: &Game<C>) -> usize {
    let mut pending = game.init_states();
    let mut known: HashMap<u64, State<C>> = pending.iter().map(|state| (fingerprint(state), state.clone())).collect();
    let (mut mistaken, mut actions) = (0, Vec::new());
    while let Some(state) = pending.pop() {
        game.actions(&state, &mut actions);
        for next in actions.drain(..).filter_map(|op| game.next_state(&state, op)) {
            match known.entry(fingerprint(&next)) {
                Entry::Occupied(other) => mistaken += usize::from(*other.get() != next),
                Entry::Vacant(place) => {
                    place.insert(next.clone());
                    pending.push(next);
                }
            }
        }
    }
    mistaken
}

fn fingerprint<C: Harness>(state: &State<C>) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}
