use core::{cell::Cell, mem::swap, ops::Range};

/// Moves the octets of a range to an earlier place of their slice; nothing if the range or the place is not inside.
///
/// `copy_within` does the same for any place, but it links a `memmove` of 700 octets of code.
#[inline(never)]
pub fn move_down(octets: &mut [u8], from: Range<usize>, to: usize) {
    let cells = Cell::from_mut(octets).as_slice_of_cells();
    if let (Some(source), Some(target)) = (cells.get(from), cells.get(to..)) {
        for (target, source) in target.iter().zip(source) {
            target.set(source.get());
        }
    }
}

/// Moves the first element behind all others.
pub fn first_behind<T>(elements: &mut [T]) {
    let mut rest = elements;
    while let [first, others @ ..] = rest {
        if let [next, ..] = others {
            swap(first, next);
        }
        rest = others;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn octets_move_down_also_over_themselves() {
        let mut octets = [1, 2, 3, 4, 5];
        move_down(&mut octets, 1..5, 0);
        assert_eq!(octets, [2, 3, 4, 5, 5]);
        move_down(&mut octets, 3..5, 1);
        assert_eq!(octets, [2, 5, 5, 5, 5]);
        move_down(&mut octets, 4..6, 0);
        move_down(&mut octets, 1..2, 6);
        assert_eq!(octets, [2, 5, 5, 5, 5]);
    }

    #[test]
    fn the_first_element_moves_behind_all_others() {
        let mut elements = [1, 2, 3];
        first_behind(&mut elements);
        assert_eq!(elements, [2, 3, 1]);
        first_behind(&mut elements[..1]);
        first_behind::<u8>(&mut []);
        assert_eq!(elements, [2, 3, 1]);
    }
}
