//! The queue of scripted answers.

use std::collections::VecDeque;

use super::{Action, Scripted};

/// The greatest number of entries. Further ones are refused, because the older entries come first.
const BOUND: usize = 10_000;

#[derive(Debug, Default)]
pub(crate) struct Script(VecDeque<Scripted>);

impl Script {
    pub(crate) fn has_room(&self, entries: usize) -> bool {
        self.0.len().saturating_add(entries) <= BOUND
    }

    /// Appends entries, up to the bound.
    pub(crate) fn extend(&mut self, entries: impl IntoIterator<Item = Scripted>) {
        let room = BOUND.saturating_sub(self.0.len());
        self.0.extend(entries.into_iter().take(room));
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn entries(&self) -> Vec<Scripted> {
        self.0.iter().cloned().collect()
    }

    /// The action for this request, or `None` if the service answers it as usual.
    pub(crate) fn take(&mut self, method: &str, path: &str) -> Option<Action> {
        self.0.retain(|entry| entry.times > 0);
        let entry = self.0.iter_mut().find(|entry| entry.matches(method, path))?;
        if entry.skip > 0 {
            entry.skip -= 1;
            return None;
        }
        entry.times -= 1;
        let action = entry.action.clone();
        self.0.retain(|entry| entry.times > 0);
        Some(action)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_used_up_in_order() {
        let mut script = Script::default();
        script.extend([
            Scripted::new("/a", Action::DropBefore).skip(1).times(2),
            Scripted::new("/a", Action::DropAfter),
            Scripted::new("/b*", Action::Cut { bytes: 1 }),
        ]);
        let taken: Vec<_> = (0..5).map(|_| script.take("POST", "/a")).collect();
        assert_eq!(taken, [None, Some(Action::DropBefore), Some(Action::DropBefore), Some(Action::DropAfter), None]);
        assert_eq!(script.take("GET", "/c"), None);
        assert_eq!(script.take("GET", "/b/c"), Some(Action::Cut { bytes: 1 }));
        assert_eq!(script.entries(), []);
    }

    #[test]
    fn a_method_narrows() {
        let mut script = Script::default();
        let entry = Scripted { method: Some("GET".to_owned()), ..Scripted::new("/a", Action::DropBefore) };
        script.extend([entry]);
        assert_eq!(script.take("POST", "/a"), None);
        assert_eq!(script.take("GET", "/a"), Some(Action::DropBefore));
    }
}
