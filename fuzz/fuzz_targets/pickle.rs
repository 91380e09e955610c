//! Any bytes as the pickle of a PyTorch archive that is otherwise whole: an error or tensors, never a panic.
#![no_main]

mod read;

use libfuzzer_sys::fuzz_target;

/// An archive of `pickle` and storages "0" to "3" of 64 bytes.
fn archive(pickle: &[u8]) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    let storages =
        ["m/data/0", "m/data/1", "m/data/2", "m/data/3"].map(|name| (name, &[0x3f; 64][..]));
    let entries = [("m/data.pkl", pickle)].into_iter().chain(storages);
    for (name, bytes) in entries {
        let header = file.len() as u32;
        let size = (bytes.len() as u32).to_le_bytes();
        let length = (name.len() as u32).to_le_bytes();
        let common = [&[0; 14], &size[..], &size, &length].concat();
        file.extend([b"PK\x03\x04", &common[..], name.as_bytes(), bytes].concat());
        directory.extend(
            [
                b"PK\x01\x02\0\0",
                &common[..],
                &[0; 10],
                &header.to_le_bytes(),
            ]
            .concat(),
        );
        directory.extend(name.as_bytes());
    }
    let (start, size) = (file.len() as u32, directory.len() as u32);
    file.extend(directory);
    file.extend(b"PK\x05\x06\0\0\0\0\x05\0\x05\0");
    file.extend([size.to_le_bytes(), start.to_le_bytes()].concat());
    file.extend([0, 0]);
    file
}

fuzz_target!(|pickle: &[u8]| read::all(&archive(pickle)));
