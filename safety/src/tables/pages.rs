//! A table over all code points: two loads a look-up.

/// Code points on one page.
const PAGE: usize = 256;
/// Pages of all code points.
const PAGES: usize = 0x11_0000 / PAGE;

/// A value for each code point; equal pages are held once.
#[derive(Debug)]
pub(crate) struct Pages<T> {
    /// The page's place in `values`, in pages.
    index: Vec<u16>,
    values: Vec<T>,
    /// What a character without a value has.
    empty: T,
}

impl<T: Copy + PartialEq> Pages<T> {
    /// A table in which every character has the value `empty`.
    pub(crate) fn new(empty: T) -> Self {
        Self { index: vec![0; PAGES], values: vec![empty; PAGE], empty }
    }

    /// The value of a character.
    #[inline]
    pub(crate) fn get(&self, c: char) -> T {
        let at = c as usize;
        let page = self.index.get(at / PAGE).copied().unwrap_or(0);
        self.values.get(usize::from(page) * PAGE + at % PAGE).copied().unwrap_or(self.empty)
    }

    /// Changes the value of a character.
    pub(crate) fn update(&mut self, at: u32, change: impl FnOnce(T) -> T) {
        let at = at as usize;
        let Some(page) = self.index.get_mut(at / PAGE) else { return };
        if *page == 0 {
            *page = u16::try_from(self.values.len() / PAGE).unwrap_or(0);
            self.values.resize(self.values.len() + PAGE, self.empty);
        }
        if let Some(value) = self.values.get_mut(usize::from(*page) * PAGE + at % PAGE) {
            *value = change(*value);
        }
    }

    /// Lets equal pages share their place.
    pub(crate) fn share(&mut self) {
        let old = std::mem::take(&mut self.values);
        let mut kept: Vec<&[T]> = Vec::new();
        let places: Vec<u16> = old
            .chunks(PAGE)
            .map(|page| {
                let at = kept.iter().position(|k| *k == page).unwrap_or_else(|| {
                    kept.push(page);
                    kept.len() - 1
                });
                u16::try_from(at).unwrap_or(0)
            })
            .collect();
        self.values = kept.concat();
        for page in &mut self.index {
            *page = places.get(usize::from(*page)).copied().unwrap_or(0);
        }
    }
}

/// A list for each code point; many may share one.
#[derive(Debug)]
pub(crate) struct Lists<T> {
    /// Place in `lists`.
    pages: Pages<u16>,
    lists: Vec<Vec<T>>,
}

impl<T> Lists<T> {
    /// A table in which every character has the empty list.
    pub(crate) fn new() -> Self {
        Self { pages: Pages::new(0), lists: vec![Vec::new()] }
    }

    /// The list of a character.
    pub(crate) fn get(&self, c: char) -> &[T] {
        self.lists.get(usize::from(self.pages.get(c))).map_or(&[], Vec::as_slice)
    }

    /// Gives one list to all these characters, in place of the one they have. Of more than 65,535 lists the rest is left out.
    pub(crate) fn set(&mut self, chars: impl IntoIterator<Item = char>, list: Vec<T>) {
        let Ok(place) = u16::try_from(self.lists.len()) else { return };
        self.lists.push(list);
        for c in chars {
            self.pages.update(c as u32, |_| place);
        }
    }
}
