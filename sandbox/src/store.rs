//! A bounded map, because a sandbox may run for days.

use std::collections::{HashMap, VecDeque};

/// A map with opaque strings as keys. Over the bound, the oldest entry is removed.
#[derive(Debug)]
pub(crate) struct Store<V> {
    entries: HashMap<String, V>,
    order: VecDeque<String>,
    bound: usize,
}

impl<V> Store<V> {
    pub(crate) fn new(bound: usize) -> Self {
        Self { entries: HashMap::new(), order: VecDeque::new(), bound }
    }

    pub(crate) fn insert(&mut self, key: String, value: V) {
        if self.entries.insert(key.clone(), value).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > self.bound
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries.remove(&oldest);
        }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&V> {
        self.entries.get(key)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        self.entries.get_mut(key)
    }

    /// The values, in no particular order.
    pub(crate) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.entries.values_mut()
    }

    /// The entries, oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &V)> {
        self.order.iter().filter_map(|key| self.entries.get(key).map(|value| (key.as_str(), value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_first() {
        let mut store = Store::new(2);
        for (key, value) in [("a", 1), ("b", 2), ("b", 3), ("c", 4)] {
            store.insert(key.to_owned(), value);
        }
        assert_eq!(store.iter().collect::<Vec<_>>(), [("b", &3), ("c", &4)]);
        assert_eq!(store.get("a"), None);
    }
}
