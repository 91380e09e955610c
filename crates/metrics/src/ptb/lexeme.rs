//! What a rule of the lexer finds: where a token ends, how far the rule looked, and how the token is written.

/// How a token is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Form {
    /// As it stands; spaces in it become no-break spaces, soft hyphens go.
    AsIs,
    /// As it stands, with &amp; written &.
    Ampersand,
    /// As it stands, with its brackets written -lrb- and -rrb-.
    Brackets,
    /// As it stands, with each of its quotes written ', '', ` or ``.
    Quotes,
    /// As it stands, and a full stop after it as a token of its own.
    ThenStop,
    /// As it stands, with its apostrophe written ' or `.
    Clitic,
    /// Like this; not at all where it is empty.
    As(&'static str),
}

/// What a rule found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Match {
    /// The token's end.
    pub end: usize,
    /// The end of what was looked at; at least `end`.
    pub seen: usize,
    /// How the token is written.
    pub form: Form,
}

impl Match {
    /// A token that ends at `end`, written as it stands.
    pub fn to(end: usize) -> Self {
        Self::seeing(end, end)
    }

    /// A token that ends at `end` because of what stands there up to `seen`.
    pub fn seeing(end: usize, seen: usize) -> Self {
        let form = Form::AsIs;
        Self { end, seen, form }
    }

    /// The same, written as `form`.
    pub fn form(self, form: Form) -> Self {
        Self { form, ..self }
    }
}

/// The furthest of the matches offered; the first of equals.
#[derive(Default)]
pub(super) struct Furthest(Option<Match>);

impl Furthest {
    /// `found` is taken when it sees further than all before it.
    pub fn offer(&mut self, found: Option<Match>) {
        self.0 = match (self.0, found) {
            (Some(best), Some(found)) if found.seen > best.seen => Some(found),
            (best, found) => best.or(found),
        };
    }

    /// What was taken.
    pub fn found(self) -> Option<Match> {
        self.0
    }
}
