//! A script and the world in which it runs.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::marker::PhantomData;

use super::harness::Harness;
use super::op::Op;
use super::rules::Broken;
use super::world::World;
use crate::badge::{BadgeRegistration, BadgeRotation};
use crate::ceremony::Step;
use crate::claim::{Claim, Enrolment};

/// The world for a script, and the way in which the script is brought to its end.
///
/// ```
/// use enlist_core::claim::Claim;
/// use enlist_core::testing::{Fate, Manner, Op, OpenTrainReading, Owner, Scenario};
///
/// // The answer that held the token is lost: the claim says so when the service says `invalid_grant`.
/// let exchange = |fate| Op::Exchange { manner: Manner::Honest, fate, ms: 100 };
/// let script = [exchange(Fate::Answered), Op::Owner(Owner::Approves), exchange(Fate::AnswerLost), exchange(Fate::Answered)];
/// let end = Scenario::<Claim>::new().reading(OpenTrainReading { life: 600, ..Default::default() }).check(&script)?;
/// assert_eq!(end.place, "Done(CredentialLost)");
/// # Ok::<(), enlist_core::testing::Broken>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Scenario<C: Harness> {
    reading: C::Reading,
    ending: Ending,
    is_recorded: bool,
    ceremony: PhantomData<C>,
}

/// How the world continues after the script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It does not continue.
    Stops,
    /// It continues with a fair service and a human who does their part.
    Fair,
    /// It continues with a service that cannot be reached.
    Unreachable,
    /// It continues with a service that accepts every request and never answers.
    Silent,
}

/// The end of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// The ceremony's state, by its name in `docs/STATES.md`.
    pub place: &'static str,
    /// Every move from one state to another on the way.
    pub moves: BTreeSet<(&'static str, &'static str)>,
    /// Whether a credential arrived.
    pub delivered: bool,
    /// Every step that the ceremony asked for, as text, for comparing two runs. It is empty unless [`recorded`](Scenario::recorded).
    pub steps: Vec<String>,
}

impl<C: Harness> Default for Scenario<C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C: Harness> Scenario<C> {
    /// A scenario with the documented readings and a fair ending.
    #[must_use]
    pub fn new() -> Self {
        Self { reading: C::Reading::default(), ending: Ending::Fair, is_recorded: false, ceremony: PhantomData }
    }

    /// Uses another reading.
    #[must_use]
    pub fn reading(self, reading: C::Reading) -> Self {
        Self { reading, ..self }
    }

    /// Uses another ending.
    #[must_use]
    pub fn ending(self, ending: Ending) -> Self {
        Self { ending, ..self }
    }

    /// Records every step.
    #[must_use]
    pub fn recorded(self) -> Self {
        Self { is_recorded: true, ..self }
    }

    /// Runs `ops` and checks every [`Rule`](super::Rule) after each.
    ///
    /// # Errors
    /// [`Broken`], with the rule and the observation.
    pub fn check(&self, ops: &[Op]) -> Result<End, Broken> {
        let mut world = World::<C>::new(self.reading)?.watched();
        let mut steps = Vec::new();
        self.play(&mut world, ops, &mut steps)?;
        Ok(Self::end(&world, steps))
    }

    fn play(&self, world: &mut World<C>, ops: &[Op], steps: &mut Vec<String>) -> Result<(), Broken> {
        for op in ops {
            world.apply(op)?;
            steps.extend(self.is_recorded.then(|| format!("{:?} {:?}", world.now(), world.step())));
        }
        match self.ending {
            Ending::Stops => Ok(()),
            Ending::Fair => world.finish(),
            Ending::Unreachable => world.die(false),
            Ending::Silent => world.die(true),
        }
    }

    fn end(world: &World<C>, steps: Vec<String>) -> End {
        let delivered = matches!(world.step(), Step::Done(Ok(_)));
        End { place: world.ceremony().place(), moves: world.moves(), delivered, steps }
    }
}

impl Scenario<Enrolment> {
    /// Runs `ops` like [`check`](Self::check), and then claims the registration in the same world, where `ops` happen once more. The result
    /// describes the claim.
    ///
    /// # Errors
    /// [`Broken`].
    pub fn check_and_claim(&self, ops: &[Op]) -> Result<End, Broken> {
        let mut world = World::<Enrolment>::new(self.reading)?.watched();
        let mut steps = Vec::new();
        self.play(&mut world, ops, &mut steps)?;
        let Some(claimed) = world.claimed() else { return Ok(Self::end(&world, steps)) };
        let mut claimed = claimed.watched();
        let Self { reading, ending, is_recorded, .. } = *self;
        Scenario::<Claim> { reading, ending, is_recorded, ceremony: PhantomData }.play(&mut claimed, ops, &mut steps)?;
        Ok(Scenario::<Claim>::end(&claimed, steps))
    }
}

/// Runs `ops` with every ceremony and every ending, and checks every [`Rule`](super::Rule).
///
/// # Errors
/// [`Broken`].
pub fn check(ops: &[Op]) -> Result<(), Broken> {
    for ending in [Ending::Fair, Ending::Unreachable, Ending::Silent] {
        Scenario::<Enrolment>::new().ending(ending).check_and_claim(ops)?;
        Scenario::<Claim>::new().ending(ending).check(ops)?;
        Scenario::<BadgeRegistration>::new().ending(ending).check(ops)?;
        Scenario::<BadgeRotation>::new().ending(ending).check(ops)?;
    }
    Ok(())
}
