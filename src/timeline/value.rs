//! Untyped JSON data, as `metadata` carries it: nothing a file holds is lost, and files may hold millions of small objects.

/// A JSON value, with what OpenTimelineIO's dialect adds: `NaN`, `Infinity`, and integers of any length.
#[derive(Debug, Clone, Default)]
pub enum Value {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer that fits 64 signed bits.
    Int(i64),
    /// An integer that does not: its digits as written.
    BigInt(Box<str>),
    /// A number with a fraction or an exponent, or one of `NaN`, `Infinity` and `-Infinity`.
    Float(f64),
    /// A string.
    String(String),
    /// An array.
    Array(Box<[Value]>),
    /// An object.
    Object(Map),
}

// Files of numbers are a few bytes a number: what each takes here is what reading them takes.
const _: () = assert!(size_of::<Value>() <= 24);

impl PartialEq for Value {
    /// Equality of data: two NaNs are equal here.
    fn eq(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b)) => a == b,
            (Value::BigInt(a), Value::BigInt(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a == b || (a.is_nan() && b.is_nan()),
            (Value::String(a), Value::String(b)) => a == b,
            (Value::Array(a), Value::Array(b)) => a == b,
            (Value::Object(a), Value::Object(b)) => a == b,
            _ => false,
        }
    }
}

impl Value {
    /// The string inside, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The number inside, as the nearest double, if it is one.
    #[allow(clippy::cast_precision_loss, reason = "the caller asked for a double")]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Int(value) => Some(*value as f64),
            Value::BigInt(digits) => digits.parse().ok(),
            Value::Float(value) => Some(*value),
            _ => None,
        }
    }

    /// The object inside, if it is one.
    pub fn as_object(&self) -> Option<&Map> {
        match self {
            Value::Object(map) => Some(map),
            _ => None,
        }
    }

    /// The array inside, if it is one.
    pub fn as_array(&self) -> Option<&[Value]> {
        match self {
            Value::Array(values) => Some(values),
            _ => None,
        }
    }

    /// The member `key`, if this is an object that has it.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_object()?.get(key)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::String(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Value {
        Value::Int(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Value {
        Value::Float(value)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Value {
        Value::Object(map)
    }
}

impl From<Vec<Value>> for Value {
    fn from(values: Vec<Value>) -> Value {
        Value::Array(values.into())
    }
}

/// A member of an object.
type Member = (Box<str>, Value);

/// From how many members on they are looked up through an index.
const MANY: usize = 17;

/// A JSON object whose keys keep their order. Equal are objects with the same members, in whatever order.
///
/// Some members lie side by side and are looked for one by one; many have an index beside them.
///
/// ```
/// use otio_conflate::timeline::{Map, Value};
///
/// let mut metadata = Map::from([("shot", Value::from("sh010"))]);
/// metadata.insert("version", Value::from(2));
/// assert_eq!(metadata["version"].as_f64(), Some(2.0));
/// assert_eq!(metadata.keys().collect::<Vec<_>>(), ["shot", "version"]);
/// ```
#[derive(Clone)]
pub struct Map(Members);

#[derive(Clone)]
enum Members {
    Few(Box<[Member]>),
    Many(Box<Indexed>),
}

#[derive(Clone)]
struct Indexed {
    members: Vec<Member>,
    /// Places in `members`, in the order of their keys.
    order: Vec<u32>,
}

// Part of every value.
const _: () = assert!(size_of::<Map>() <= 16);

impl Map {
    /// An object without members.
    pub fn new() -> Map {
        Map::default()
    }

    /// Members in their order. Of a key that stands there twice, the first place and the last value count.
    fn gather(members: Vec<Member>) -> Map {
        if members.len() < MANY {
            let twice = |at: usize| members[..at].iter().any(|(key, _)| *key == members[at].0);
            if !(1..members.len()).any(twice) {
                return Map(Members::Few(members.into()));
            }
            let mut kept: Vec<Member> = Vec::with_capacity(members.len());
            for (key, value) in members {
                match kept.iter_mut().find(|(other, _)| *other == key) {
                    Some(member) => member.1 = value,
                    None => kept.push((key, value)),
                }
            }
            return Map(Members::Few(kept.into()));
        }
        let mut indexed = Indexed { members, order: Vec::new() };
        indexed.sort();
        if indexed.order.windows(2).any(|pair| indexed.key(pair[0]) == indexed.key(pair[1])) {
            indexed.unite();
        }
        Map(Members::Many(Box::new(indexed)))
    }

    fn members(&self) -> &[Member] {
        match &self.0 {
            Members::Few(members) => members,
            Members::Many(indexed) => &indexed.members,
        }
    }

    fn members_mut(&mut self) -> &mut [Member] {
        match &mut self.0 {
            Members::Few(members) => members,
            Members::Many(indexed) => &mut indexed.members,
        }
    }

    fn place(&self, key: &str) -> Option<usize> {
        match &self.0 {
            Members::Few(members) => members.iter().position(|(other, _)| **other == *key),
            Members::Many(indexed) => indexed.find(key).ok().map(|at| indexed.order[at] as usize),
        }
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.members().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.members().is_empty()
    }

    /// The value of `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.place(key).map(|at| &self.members()[at].1)
    }

    /// The value of `key`, to change it.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Value> {
        self.place(key).map(|at| &mut self.members_mut()[at].1)
    }

    /// Whether there is a member `key`.
    pub fn contains_key(&self, key: &str) -> bool {
        self.place(key).is_some()
    }

    /// Gives `key` a value: in its place if it has one, which is returned, else behind all others.
    pub fn insert(&mut self, key: impl Into<Box<str>>, value: Value) -> Option<Value> {
        let key = key.into();
        if let Some(at) = self.place(&key) {
            return Some(std::mem::replace(&mut self.members_mut()[at].1, value));
        }
        match &mut self.0 {
            Members::Few(members) => {
                let mut members = std::mem::take(members).into_vec();
                members.push((key, value));
                *self = Map::gather(members);
            }
            Members::Many(indexed) => {
                let at = indexed.find(&key).unwrap_or_else(|at| at);
                indexed.order.insert(at, place(indexed.members.len()));
                indexed.members.push((key, value));
            }
        }
        None
    }

    /// Takes out the member `key`; the others keep their order.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let at = self.place(key)?;
        let mut members = std::mem::take(self).into_members();
        let (_, value) = members.remove(at);
        *self = Map::gather(members);
        Some(value)
    }

    fn into_members(self) -> Vec<Member> {
        match self.0 {
            Members::Few(members) => members.into_vec(),
            Members::Many(indexed) => indexed.members,
        }
    }

    /// Keys and values, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Value)> + DoubleEndedIterator + Clone {
        self.members().iter().map(|(key, value)| (&**key, value))
    }

    /// Keys, in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &str> + DoubleEndedIterator + Clone {
        self.members().iter().map(|(key, _)| &**key)
    }

    /// Values, in order of their keys' places.
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Value> + DoubleEndedIterator + Clone {
        self.members().iter().map(|(_, value)| value)
    }

    /// Values, to change them.
    pub fn values_mut(&mut self) -> impl ExactSizeIterator<Item = &mut Value> {
        self.members_mut().iter_mut().map(|(_, value)| value)
    }
}

impl Indexed {
    fn key(&self, place: u32) -> &str {
        &self.members[place as usize].0
    }

    /// Where in the order `key` is, or would be.
    fn find(&self, key: &str) -> Result<usize, usize> {
        self.order.binary_search_by(|&place| self.key(place).cmp(key))
    }

    fn sort(&mut self) {
        let Indexed { members, order } = self;
        *order = (0..place(members.len())).collect();
        // Equal keys in the order of their places.
        order.sort_by(|&a, &b| members[a as usize].0.cmp(&members[b as usize].0));
    }

    /// One member for each key: the first place, the last value.
    fn unite(&mut self) {
        let mut first = 0;
        let mut gone = vec![false; self.members.len()];
        for at in 1..self.order.len() {
            let (kept, place) = (self.order[first] as usize, self.order[at] as usize);
            if self.members[kept].0 == self.members[place].0 {
                self.members[kept].1 = std::mem::take(&mut self.members[place].1);
                gone[place] = true;
            } else {
                first = at;
            }
        }
        let mut gone = gone.into_iter();
        self.members.retain(|_| !gone.next().unwrap_or_default());
        self.sort();
    }
}

/// A place in the members. A text of 4 GiB, the most there is, has fewer.
fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl Default for Map {
    fn default() -> Map {
        Map(Members::Few(Box::default()))
    }
}

impl PartialEq for Map {
    fn eq(&self, other: &Map) -> bool {
        self.len() == other.len() && self.iter().all(|(key, value)| other.get(key) == Some(value))
    }
}

impl std::fmt::Debug for Map {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_map().entries(self.iter()).finish()
    }
}

impl<K: Into<Box<str>>> FromIterator<(K, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(members: I) -> Map {
        Map::gather(members.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }
}

impl<K: Into<Box<str>>, const N: usize> From<[(K, Value); N]> for Map {
    fn from(members: [(K, Value); N]) -> Map {
        members.into_iter().collect()
    }
}

impl<K: Into<Box<str>>> Extend<(K, Value)> for Map {
    fn extend<I: IntoIterator<Item = (K, Value)>>(&mut self, members: I) {
        let mut all = std::mem::take(self).into_members();
        all.extend(members.into_iter().map(|(key, value)| (key.into(), value)));
        *self = Map::gather(all);
    }
}

impl IntoIterator for Map {
    type Item = (Box<str>, Value);
    type IntoIter = std::vec::IntoIter<(Box<str>, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.into_members().into_iter()
    }
}

impl<'a> IntoIterator for &'a Map {
    type Item = (&'a str, &'a Value);
    type IntoIter = std::iter::Map<std::slice::Iter<'a, Member>, fn(&Member) -> (&str, &Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.members().iter().map(|(key, value)| (&**key, value))
    }
}

impl std::ops::Index<&str> for Map {
    type Output = Value;

    /// The value of `key`, which has to be there.
    fn index(&self, key: &str) -> &Value {
        self.get(key).unwrap_or_else(|| panic!("no member {key:?}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_keep_their_order_and_are_found() {
        for count in [0, 1, 16, 17, 18, 400] {
            // Keys in an order that is not the alphabet's, each twice.
            let keys = || (0..count).map(|index| format!("k{}", index * 7919 % 1000));
            let twice = keys().map(|key| (key, Value::Int(-1))).chain(keys().zip((0..).map(Value::Int)));
            let map: Map = twice.collect();
            let mut one_by_one = Map::new();
            for (key, value) in keys().zip((0..).map(Value::Int)) {
                assert_eq!(one_by_one.insert(key.clone(), Value::Null), None);
                assert_eq!(one_by_one.insert(key, value), Some(Value::Null));
            }
            assert_eq!(map, one_by_one);
            assert!(map.keys().eq(keys()), "{count}");
            assert!(one_by_one.keys().eq(keys()), "{count}");
            for (index, key) in keys().enumerate() {
                assert_eq!(map.get(&key), Some(&Value::Int(i64::try_from(index).expect("a small number"))));
                assert_eq!(map[key.as_str()], one_by_one[key.as_str()]);
            }
            assert!(!map.contains_key("other") && map.get("").is_none());
            let mut less = map.clone();
            for key in keys() {
                assert!(less.remove(&key).is_some() && less.remove(&key).is_none());
            }
            assert_eq!((less.len(), less.is_empty()), (0, true));
        }
    }

    #[test]
    fn order_does_not_count_where_objects_are_compared() {
        let pairs = |count: i64| (0..count).map(|index| (index.to_string(), Value::Int(index)));
        for count in [2, 30] {
            let (there, back): (Map, Map) = (pairs(count).collect(), pairs(count).rev().collect());
            assert_eq!(there, back);
            let other: Map = pairs(count).chain([("0".to_owned(), Value::Null)]).collect();
            assert_ne!(there, other);
        }
    }
}
