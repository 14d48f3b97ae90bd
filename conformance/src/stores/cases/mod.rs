//! The cases, one function each. Every function makes its own places and leaves nothing behind.
//!
//! Each returns [`Broken`](super::Broken) when the store broke the rule that its name states, and
//! [`Verdict::Skipped`](crate::Verdict::Skipped) when the rule does not apply to the store.

mod answers;
mod disk;
mod durable;
mod owners;
mod processes;
mod records;
mod snapshots;

pub use answers::{
    an_exchange_without_a_record_has_no_answer, answers_come_back_byte_for_byte, cut_answers_come_back_cut,
    refusals_do_not_become_deliveries,
};
pub use disk::{failed_journal_loses_no_answer, failed_prepare_can_be_repeated, files_are_private};
pub use durable::{prepare_is_durable, save_is_durable, written_answer_is_durable};
pub use owners::a_second_owner_is_refused;
pub use processes::{a_killed_process_leaves_a_whole_state, a_process_may_die_after_every_call};
pub use records::{
    a_record_belongs_to_one_exchange, a_record_belongs_to_one_flow, a_torn_record_is_no_whole_answer, save_drops_consumed_answers,
    save_keeps_unreadable_answers,
};
pub use snapshots::{
    a_resumed_claim_shows_its_own_code, every_save_counts, exchange_ids_rise_across_restarts, snapshots_come_back_to_the_letter,
};
