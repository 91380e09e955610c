//! Files of weights as they come: whole, mistaken, damaged and hostile.

#![allow(clippy::unwrap_used)]

use std::fs;

use super::*;
use crate::safetensors::TensorFile;
use crate::weights::WeightLoader;
use wsac_golden as golden;
use wsac_nn::rng::Stream;

/// Opens a file with this content and reads all of it; must not panic, whatever the content.
fn open(bytes: &[u8]) -> std::result::Result<usize, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights");
    fs::write(&path, bytes).unwrap();
    read_all(&path).map_err(|e| e.to_string())
}

fn read_all(path: &Path) -> Result<usize> {
    let file = WeightFile::open(path)?;
    for name in file.names() {
        let shape = file.shape(name).unwrap();
        let count = file.get(name, &shape)?.len();
        assert_eq!(count, shape.iter().product::<usize>());
    }
    Ok(file.names().len())
}

/// A zip archive as torch.save writes it, of this pickle and the storage "0"; `method` 0 is stored, 8 deflated.
fn torch(pickle: &[u8], storage: &[u8], method: u8) -> Vec<u8> {
    let (mut file, mut directory) = (Vec::new(), Vec::new());
    for (name, bytes) in [(b"m/data.pkl", pickle), (b"m/data/0\0\0", storage)] {
        let name = name.trim_ascii_end().split(|&b| b == 0).next().unwrap();
        let header = file.len() as u32;
        let size = (bytes.len() as u32).to_le_bytes();
        let common = [
            &[0, 0, 0, 0, method, 0, 0, 0, 0, 0, 0, 0, 0, 0][..],
            &size,
            &size,
            &[name.len() as u8, 0, 0, 0],
        ]
        .concat();
        file.extend([b"PK\x03\x04", &common[..], name, bytes].concat());
        directory.extend([b"PK\x01\x02\0\0", &common[..], &[0; 10]].concat());
        directory.extend([&header.to_le_bytes(), name].concat());
    }
    let (start, size) = (file.len() as u32, directory.len() as u32);
    file.extend(directory);
    file.extend(b"PK\x05\x06\0\0\0\0\x02\0\x02\0");
    file.extend([size.to_le_bytes(), start.to_le_bytes()].concat());
    file.extend([0, 0]);
    file
}

fn stored(pickle: &[u8]) -> Vec<u8> {
    torch(pickle, &[0; 16], 0)
}

/// The pickle of `{"w": a tensor}`: f32, of this offset, shape and stride, in a storage of 16 bytes.
fn tensor(offset: i32, size: i32, stride: i32) -> Vec<u8> {
    let mut p = b"\x80\x02}U\x01wctorch._utils\n_rebuild_tensor_v2\n(".to_vec();
    p.extend(b"(U\x07storagectorch\nFloatStorage\nU\x010U\x03cpuK\x04tQ");
    for (int, tuple) in [(offset, &b""[..]), (size, b"\x85"), (stride, b"\x85")] {
        p.push(b'J');
        p.extend(int.to_le_bytes());
        p.extend(tuple);
    }
    p.extend(b"\x89}tRs.");
    p
}

fn safetensors(header: &str, numbers: usize) -> Vec<u8> {
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header.as_bytes());
    bytes.resize(bytes.len() + numbers, 0);
    bytes
}

#[test]
fn f32_of_safetensors_is_used_in_place_and_the_rest_converted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.bin");
    let mut file = TensorFile::new();
    file.f32("a", &[2], &[1.5, -2.0]);
    file.f16("b", &[2, 1], &[0.5, 4.0]);
    file.u32("c", &[7]);
    file.int8_rows("d", &[2, 1], &[1.0, 0.5]);
    file.i8("e", &[2], &[-3, 4]);
    file.save(&path).unwrap();
    let weights = WeightFile::open(&path).unwrap();
    assert_eq!(*weights.get("a", &[2]).unwrap(), [1.5, -2.0]);
    assert_eq!(*weights.get("b", &[2, 1]).unwrap(), [0.5, 4.0]);
    assert_eq!(*weights.get("c", &[1]).unwrap(), [7.0]);
    assert_eq!(*weights.get("d", &[2, 1]).unwrap(), [1.0, 0.5]);
    assert_eq!(*weights.get("e", &[2]).unwrap(), [-3.0, 4.0]);
    let (one, two) = (
        weights.get("a", &[2]).unwrap(),
        weights.get("a", &[2]).unwrap(),
    );
    assert_eq!(one.as_ptr(), two.as_ptr());
    drop(weights);
    assert_eq!(one.into_vec(), *two);
}

#[test]
fn shards_are_one_file() {
    let folder = tempfile::tempdir().unwrap();
    for (name, x) in [("a", 1.0), ("b", 2.0)] {
        let mut file = TensorFile::new();
        file.f32(name, &[1], &[x]);
        file.save(folder.path().join(format!("{name}.safetensors")))
            .unwrap();
    }
    let index = folder.path().join("model.safetensors.index.json");
    let write = |text: &str| fs::write(&index, text).unwrap();
    write(r#"{"metadata": {}, "weight_map": {"a": "a.safetensors", "b": "b.safetensors"}}"#);
    let file = WeightFile::open(&index).unwrap();
    assert_eq!((file.names(), file.files().len()), (vec!["a", "b"], 2));
    assert_eq!(*file.get("b", &[1]).unwrap(), [2.0]);
    assert!(file.get("c", &[1]).is_err());
    let refused = [
        r#"{"weight_map": {"a": "../a.safetensors"}}"#,
        r#"{"weight_map": {"a": "model.safetensors.index.json"}}"#,
        r#"{"weight_map": {"z": "a.safetensors"}}"#,
        r#"{"weights": 1}"#,
    ];
    for text in refused {
        write(text);
        assert!(WeightFile::open(&index).is_err(), "{text}");
    }
}

#[test]
fn mistaken_files_are_called_what_they_are() {
    let tar = [vec![b'x'; 257], b"ustar\0".to_vec(), vec![0; 300]].concat();
    for (bytes, what) in [
        (&b""[..], "is empty"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
            "git lfs pull",
        ),
        (
            b"\n<!DOCTYPE html><html><body>Sign in</body></html>",
            "web page",
        ),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\x03", "gzip"),
        (&tar, "tar"),
        (b"{\"error\": \"not found\"}", "JSON"),
        (b"\x80\x02}q\0.", "pickle"),
        (b"Hello, I am no model.", "is no file of weights"),
    ] {
        let error = open(bytes).unwrap_err();
        assert!(error.contains(what), "{error}");
    }
}

#[test]
fn a_pickle_calls_nothing() {
    let marker = std::env::temp_dir().join("wsac-was-executed");
    let command = format!("touch {}", marker.display());
    let called = format!("cos\nsystem\n(S'{command}'\ntR.");
    let beside = format!("}}(U\x05modelNU\x01xcposix\nsystem\n(S'{command}'\ntRu.");
    let stacked = b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x01x\x85R.".to_vec();
    let instance = b"(S'x'\nisubprocess\nPopen\n.".to_vec();
    for (pickle, name) in [
        (called.into_bytes(), "os.system"),
        (beside.into_bytes(), "posix.system"),
        (stacked, "os.system"),
        (instance, "subprocess.Popen"),
        (b"cbuiltins\neval\n(U\x011tR.".to_vec(), "builtins.eval"),
        (b"ctorch.hub\nload\n(U\x011tR.".to_vec(), "torch.hub.load"),
    ] {
        let error = open(&stored(&pickle)).unwrap_err();
        assert!(
            error.contains(name) && error.contains("nothing was executed"),
            "{error}"
        );
    }
    assert!(!marker.exists());
}

#[test]
fn settings_and_optimisers_beside_the_weights_do_no_harm() {
    let mut pickle =
        b"\x80\x02}(U\x06configcargparse\nNamespace\n)\x81}U\x02lrG\0\0\0\0\0\0\0\0sb".to_vec();
    pickle.extend(
        b"U\x04bestcnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\nU\x02f8\x89\x88\x87RU\x01xtR",
    );
    pickle.extend(b"U\x04pathcpathlib\nPosixPath\nU\x01/\x85RU\x05model");
    pickle.extend(&tensor(1, 3, 1)[2..]);
    pickle.pop();
    pickle.extend(b"u.");
    assert_eq!(open(&stored(&pickle)), Ok(1));
}

#[test]
fn views_beyond_their_storage_are_refused() {
    assert_eq!(open(&stored(&tensor(0, 4, 1))), Ok(1));
    assert_eq!(open(&stored(&tensor(3, 1000, 0))), Ok(1));
    for (offset, size, stride) in [
        (1, 4, 1),
        (0, 3, 2),
        (4, 1, 1),
        (-1, 1, 1),
        (0, -1, 1),
        (0, 2, i32::MAX),
        (0, i32::MAX, i32::MAX),
        (0, i32::MAX, 0),
    ] {
        let error = open(&stored(&tensor(offset, size, stride))).unwrap_err();
        assert!(error.contains("damaged"), "{error}");
    }
    assert_eq!(open(&stored(&tensor(i32::MAX, 0, 1))), Ok(1));
}

#[test]
fn bombs_do_not_go_off() {
    let packed = torch(&tensor(0, 4, 1), &[0; 1 << 16], 8);
    assert!(open(&packed).unwrap_err().contains("compressed"));

    let nested = [vec![b']'; 1_000_000], vec![b'a'; 999_999], b".".to_vec()].concat();
    assert!(
        open(&stored(&nested))
            .unwrap_err()
            .contains("no state dict")
    );
    let tuples = [b")".to_vec(), vec![0x85; 1_000_000], b".".to_vec()].concat();
    assert!(
        open(&stored(&tuples))
            .unwrap_err()
            .contains("no state dict")
    );
    let itself = b"}q\0(U\x05modelh\0U\nstate_dicth\0u.";
    assert!(open(&stored(itself)).unwrap_err().contains("no state dict"));
    // Each list holds the one before ten times, over and over.
    let doubled = b"(h\0h\0h\0h\0h\0h\0h\0h\0h\0h\0lq\0".repeat(100_000);
    let doubled = [b"]q\0".to_vec(), doubled, b".".to_vec()].concat();
    assert!(open(&stored(&doubled)).is_err());
    let wide = [
        &b"ccollections\nOrderedDict\nq\x01("[..],
        &b"(K\x01K\x01t".repeat(200_000),
        b"l\x85q\0",
    ]
    .concat();
    let again = [wide, b"h\x01h\0R0".repeat(500_000), b".".to_vec()].concat();
    assert!(open(&stored(&again)).unwrap_err().contains("steps"));
    // A text of 2^63 bytes, a memo without end, a tuple of nothing.
    for pickle in [
        &b"\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7fabc"[..],
        b"\x8b\xff\xff\xff\xffabc",
        b"X\xff\xff\xff\xffabc",
        b"}r\xff\xff\xff\xff0j\xff\xff\xff\xff.",
        b"K\x01\x87.",
        b"(t.",
        b"(0.",
        b"(K\x01(1u.",
        b"R.",
        b"",
    ] {
        assert!(open(&stored(pickle)).is_err());
    }
}

#[test]
fn lying_safetensors_are_refused() {
    let one = r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#;
    assert_eq!(open(&safetensors(one, 8)), Ok(1));
    assert!(
        open(&safetensors(one, 7))
            .unwrap_err()
            .contains("should have 8 bytes, the file has 7")
    );
    assert!(open(&safetensors(one, 9)).is_err());
    let mut huge = safetensors(one, 8);
    huge[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(open(&huge).unwrap_err().contains("its header should have"));
    let most = usize::MAX;
    for header in [
        r#"{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}"#.to_owned(),
        r#"{"a":{"dtype":"F16","shape":[2],"data_offsets":[0,8]}}"#.to_owned(),
        r#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}}"#.to_owned(),
        r#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}"#.to_owned(),
        r#"{"a":{"dtype":"X","shape":[2],"data_offsets":[0,8]}}"#.to_owned(),
        format!(r#"{{"a":{{"dtype":"F32","shape":[{most},{most}],"data_offsets":[0,8]}}}}"#),
        format!(r#"{{"a":{{"dtype":"U8","shape":[{most}],"data_offsets":[0,{most}]}}}}"#),
        format!("{{{}", "[".repeat(100_000)),
    ] {
        let error = open(&safetensors(&header, 8)).unwrap_err();
        assert!(error.contains("is no whole safetensors file"), "{error}");
    }
}

#[test]
fn numbers_that_are_none_are_told_by_the_reading() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("m.pt");
    let nan: Vec<u8> = [1.0, f32::NAN, 0.0, 0.0]
        .iter()
        .flat_map(|x| x.to_le_bytes())
        .collect();
    fs::write(&path, torch(&tensor(0, 4, 1), &nan, 0)).unwrap();
    let file = WeightFile::open(&path).unwrap();
    let reading = WeightLoader::new(&file);
    reading.get("w", &[4]).unwrap();
    let error = reading.finish(|_| false).unwrap_err().to_string();
    assert!(error.contains("tensor w holds NaN"), "{error}");
}

/// Small files of each kind.
fn samples() -> Vec<Vec<u8>> {
    let mut file = TensorFile::new();
    file.f32("a", &[3], &[1.5, -2.0, 0.1]);
    file.f16("b", &[2, 2], &[0.5, 1.0, 2.0, 0.1]);
    let mut samples = vec![file.to_bytes().unwrap(), stored(&tensor(1, 3, 1))];
    for name in [
        "zip_model",
        "legacy_model",
        "zip_proto4",
        "zip_metadata",
        "zip_bare",
    ] {
        if let Some(path) = golden::shared(&format!("golden/clap/pt/{name}.pt")) {
            samples.push(fs::read(path).unwrap());
        }
    }
    samples
}

#[test]
fn files_cut_anywhere_are_refused() {
    for sample in samples() {
        assert!(open(&sample).is_ok());
        for end in (0..sample.len()).step_by(7) {
            assert!(
                open(&sample[..end]).is_err(),
                "cut at {end} of {}",
                sample.len()
            );
        }
    }
}

#[test]
fn files_with_a_wrong_byte_do_not_panic() {
    for (stream, sample) in samples().into_iter().enumerate() {
        let random = Stream::new(&format!("wrong bytes {stream}"));
        for i in 0..500 {
            let mut damaged = sample.clone();
            let bits = random.bits(i);
            damaged[(bits >> 8) as usize % sample.len()] = bits as u8;
            let _ = open(&damaged);
        }
    }
}
