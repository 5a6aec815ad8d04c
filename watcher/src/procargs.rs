//! Reads the arguments and the environment of a process on macOS (`KERN_PROCARGS2`).

/// Returns the environment.
///
/// After the number of arguments come the program's path, zeros, the arguments, and the variables up to an empty text.
/// The kernel's own texts follow. Nothing if the system hides the environment.
pub fn environment(procargs: &[u8]) -> impl Iterator<Item = &[u8]> {
    after_arguments(procargs).unwrap_or_default().split(|byte| *byte == 0).take_while(|variable| !variable.is_empty())
}

fn after_arguments(procargs: &[u8]) -> Option<&[u8]> {
    let (count, rest) = procargs.split_first_chunk()?;
    let count = usize::try_from(i32::from_ne_bytes(*count)).ok()?;
    let path_end = rest.iter().position(|byte| *byte == 0)?;
    let padding = rest[path_end..].iter().position(|byte| *byte != 0)?;
    let mut rest = &rest[path_end + padding..];
    for _ in 0..count {
        let end = rest.iter().position(|byte| *byte == 0)?;
        rest = &rest[end + 1..];
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(count: i32, rest: &[u8]) -> Vec<String> {
        let bytes = [&count.to_ne_bytes(), rest].concat();
        environment(&bytes).map(|variable| String::from_utf8_lossy(variable).into_owned()).collect()
    }

    #[test]
    fn the_environment_ends_before_the_kernels_texts() {
        let found = variables(2, b"/bin/sh\0\0\0\0sh\0-c\0A=1\0B=\0\0ptr_munge=\0main_stack=\0");
        assert_eq!(found, ["A=1", "B="]);
        assert_eq!(variables(1, b"/bin/sh\0sh\0A=1"), ["A=1"], "cut off");
        assert_eq!(variables(1, b"/bin/sh\0sh\0\0apple=\0"), Vec::<String>::new(), "cleared, or hidden");
    }

    #[test]
    fn invalid_bytes_are_no_environment() {
        assert_eq!(environment(&[]).count(), 0);
        assert_eq!(environment(&[1, 2]).count(), 0);
        assert_eq!(variables(-1, b"/bin/sh\0sh\0A=1\0"), Vec::<String>::new());
        assert_eq!(variables(9, b"/bin/sh\0sh\0A=1\0"), Vec::<String>::new());
        assert_eq!(variables(1, b"no end"), Vec::<String>::new());
    }
}
