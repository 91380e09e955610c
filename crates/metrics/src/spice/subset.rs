//! Which tuples SPICE counts under which heading: the tuples alone -> one of seven groups.

use super::{Concept, Tuple};

/// The groups of tuples that SPICE scores apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subset {
    /// Every tuple. This score is SPICE.
    All,
    /// Objects.
    Object,
    /// Attributes, those of the next three groups too.
    Attribute,
    /// Relations.
    Relation,
    /// Attributes that are a colour.
    Color,
    /// Attributes that are a size.
    Size,
    /// Attributes that are a number from one to ten.
    Cardinality,
}

impl Subset {
    /// All groups, in the order of [`SpiceScores`](super::SpiceScores).
    pub const EACH: [Self; 7] = [
        Self::All,
        Self::Object,
        Self::Attribute,
        Self::Relation,
        Self::Color,
        Self::Size,
        Self::Cardinality,
    ];

    /// Whether `tuple` belongs to the group. An attribute that was merged from several names is neither a colour nor a
    /// size nor a number: the original compares it whole.
    pub fn contains(self, tuple: &Tuple<Concept>) -> bool {
        match (self, tuple) {
            (Self::All, _)
            | (Self::Object, Tuple::Object(_))
            | (Self::Attribute, Tuple::Attribute { .. })
            | (Self::Relation, Tuple::Relation { .. }) => true,
            (subset, Tuple::Attribute { attribute, .. }) => {
                let [name] = attribute.names() else {
                    return false;
                };
                subset.words().split_whitespace().any(|word| word == name)
            }
            _ => false,
        }
    }

    /// The attributes of the group: those of 90,000 English words that SPICE 1.0 counts there.
    fn words(self) -> &'static str {
        match self {
            Self::Color => COLORS,
            Self::Size => SIZES,
            Self::Cardinality => NUMBERS,
            _ => "",
        }
    }
}

const COLORS: &str = "beige black blue brown cream dark gray green grey light maroon orange pink purple red violet white \
    yellow";
const SIZES: &str = "baby beefy big bony boundless brawny broad bulky chunky colossal compact corpulent cosmic cubby \
    curvy elfin emaciated endless enormous epic expansive extensive fat fleshy full-size gargantuan \
    gaunt giant gigantic grand great heavy hefty huge hulking illimitable immeasurable immense \
    infinitesimal lanky large lean life-size limitless little mammoth massive meager measly microscopic \
    mini miniature minuscule minute narrow obese outsized oversize overweight paltry petite pint-size \
    plump pocket-size portly pudgy puny rotund scanty scraggy scrawny short sizable skeletal skimpy \
    skinny slender slim small squat stocky stout strapping sturdy tall teensy teeny teeny-tiny teeny- \
    weeny thick thickset thin tiny titanic towering trifling trim tubby undersized underweight unlimited \
    vast wee whopping wide";
const NUMBERS: &str = "one two three four five six seven eight nine ten";
