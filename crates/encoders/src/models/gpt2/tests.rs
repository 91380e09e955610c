//! Every block against the golden values, and where a text's state is taken.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::golden;

#[test]
#[cfg_attr(no_golden, ignore = "needs the shared golden values")]
fn every_block_gives_the_golden_states() {
    let (Some(weights), Some(golden)) = (
        golden::clap("msclap_2023"),
        golden::json("golden/clap/dev/msclap_2023.json"),
    ) else {
        return;
    };
    let gpt2 = Gpt2::read(&weights, "caption_encoder.base.", 12).unwrap();
    assert_eq!((gpt2.width(), gpt2.blocks.len()), (768, 12));
    assert_eq!((gpt2.vocabulary(), gpt2.max_tokens()), (50_257, 1024));
    for item in golden["text"].as_array().unwrap() {
        let ids: Vec<u32> = serde_json::from_value(item["ids"].clone()).unwrap();
        assert_eq!(end(&ids), item["take_index"].as_u64().unwrap() as usize);
        if !item["taps"].is_object() {
            continue;
        }
        let check = |name: &str, x: &[f32]| golden::assert_stats(name, x, &item["taps"][name]);
        let mut x = gpt2.embed(&[&ids]);
        check("wte+wpe", &x);
        for (i, block) in gpt2.blocks.iter().enumerate() {
            x = block.forward(x, &[0, ids.len()]);
            check(&format!("h.{i}"), &x);
        }
        check("ln_f", &gpt2.norm.forward(&x));
        check("pooled", &gpt2.forward(&[&ids]));
    }
}

#[test]
fn exclamation_marks_move_the_end() {
    assert_eq!(end(&[5, 0, 220, 50_256]), 2);
    assert_eq!(end(&[0, 0, 0]), 2, "nothing but padding: index -1");
}
