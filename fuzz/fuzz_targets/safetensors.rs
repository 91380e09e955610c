//! Any bytes as a safetensors file: an error or tensors, never a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use wsac::tensors::safetensors::Tensors;
use wsac::tensors::weights::Weights;

fuzz_target!(|bytes: &[u8]| {
    let Ok(tensors) = Tensors::parse("fuzz", bytes) else {
        return;
    };
    for name in tensors.names() {
        let shape = tensors.shape(name).expect("a tensor that is named");
        if let Ok(numbers) = Weights::get(&tensors, name, &shape) {
            assert_eq!(numbers.len(), shape.iter().product::<usize>());
        }
    }
});
