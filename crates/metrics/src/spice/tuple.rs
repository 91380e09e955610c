//! The propositions of a scene graph: what a parser finds in a caption, and what SPICE compares.

use std::fmt;

/// One proposition: an object, an attribute of one, or a relation between two.
///
/// Its slots are lemmas (`Tuple<String>`) as a parser finds them in one caption, or [`Concept`](super::Concept)s after
/// the captions of an item were merged.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tuple<T = String> {
    /// `(dog)`
    Object(T),
    /// `(dog, small)`
    Attribute {
        /// What has the attribute.
        object: T,
        /// What it is like or does: an adjective, a noun or a verb.
        attribute: T,
    },
    /// `(dog, bark at, cat)`
    Relation {
        /// What the relation goes out from.
        subject: T,
        /// A preposition, a verb or both.
        relation: T,
        /// What the relation goes to.
        object: T,
    },
}

impl<T> Tuple<T> {
    /// One slot is an object, two an attribute, three a relation (subject, relation, object). `None` for other lengths.
    pub fn from_slots(slots: Vec<T>) -> Option<Self> {
        let length = slots.len();
        let mut slots = slots.into_iter();
        let mut next = || slots.next();
        match length {
            1 => Some(Self::Object(next()?)),
            2 => Some(Self::Attribute {
                object: next()?,
                attribute: next()?,
            }),
            3 => Some(Self::Relation {
                subject: next()?,
                relation: next()?,
                object: next()?,
            }),
            _ => None,
        }
    }

    /// The one to three slots, in the order in which they are written.
    pub fn slots(&self) -> impl ExactSizeIterator<Item = &T> {
        let slots = match self {
            Self::Object(object) => vec![object],
            Self::Attribute { object, attribute } => vec![object, attribute],
            Self::Relation {
                subject,
                relation,
                object,
            } => vec![subject, relation, object],
        };
        slots.into_iter()
    }

    /// The same proposition with every slot put through `change`.
    pub fn map<U>(&self, mut change: impl FnMut(&T) -> U) -> Tuple<U> {
        match self {
            Self::Object(object) => Tuple::Object(change(object)),
            Self::Attribute { object, attribute } => Tuple::Attribute {
                object: change(object),
                attribute: change(attribute),
            },
            Self::Relation {
                subject,
                relation,
                object,
            } => Tuple::Relation {
                subject: change(subject),
                relation: change(relation),
                object: change(object),
            },
        }
    }
}

impl<T: fmt::Display> fmt::Display for Tuple<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slots: Vec<String> = self.slots().map(T::to_string).collect();
        write!(f, "({})", slots.join(", "))
    }
}
