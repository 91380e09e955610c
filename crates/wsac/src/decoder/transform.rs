//! The transformer mapper (ClapCap's), forward and backward: embeddings [n, E] -> prefix rows [n, p d].
//!
//! ```text
//! embedding -linear-> [rows, d] + learned [p, d] -> x += attention(norm(x)), x += W2 relu(W1 norm(x)) -> the last p rows
//! ```

use wsac_nn::activation::relu;
use wsac_nn::attention::{Shape, attention, attention_backward};
use wsac_nn::dropout::Dropout;
use wsac_nn::matmul::Store;
use wsac_nn::norm::{RowStats, layer_norm, layer_norm_backward};

use super::mapper::layout::{Layer, Transformer};
use super::tape::{Inside, LayerTape, Tape, add, resize};
use super::{Decoder, EPS};
use crate::params::Slot;

impl Decoder {
    /// Embeddings [n, E] -> the prefix rows [n, p d], the first of `tape.mapped`.
    pub(super) fn transform(&self, net: &Transformer, tape: &mut Tape, embeddings: &[f32]) {
        let (d, w) = (self.config.width, &self.weights);
        let learned = net.learned.of(w);
        let mut made = Vec::new();
        self.dense(&mut made, embeddings, net.linear);
        let Inside {
            starts,
            stream,
            layers,
        } = &mut tape.inside;
        let each = made.chunks_exact(net.rows * d);
        starts.clear();
        starts.extend((0..=each.len()).map(|i| i * (net.rows + self.config.prefix)));
        stream.resize_with(net.layers.len() + 1, Vec::new);
        layers.resize_with(net.layers.len(), LayerTape::default);
        stream[0].clear();
        each.for_each(|rows| {
            stream[0].extend_from_slice(rows);
            stream[0].extend_from_slice(learned);
        });
        for (i, (layer, t)) in net.layers.iter().zip(layers).enumerate() {
            let (before, after) = stream.split_at_mut(i + 1);
            self.layer(
                layer,
                t,
                (&before[i], &mut after[0]),
                shape(starts, net.heads, d),
            );
        }
        let out = &mut tape.mapped[0];
        out.clear();
        let last = &stream[net.layers.len()];
        for sequence in last.chunks_exact((net.rows + self.config.prefix) * d) {
            out.extend_from_slice(&sequence[net.rows * d..]);
        }
    }

    fn layer(
        &self,
        layer: &Layer,
        t: &mut LayerTape,
        (x, out): (&[f32], &mut Vec<f32>),
        shape: Shape,
    ) {
        let (d, w) = (self.config.width, &self.weights);
        let norm = |y: &mut Vec<f32>, stats: &mut Vec<RowStats>, x: &[f32], of: (Slot, Slot)| {
            resize(y, x.len());
            stats.resize(x.len() / d, (0.0, 0.0));
            layer_norm(y, stats, x, of.0.of(w), of.1.of(w), EPS);
        };
        norm(&mut t.normed_1, &mut t.stats_1, x, layer.norm_1);
        let (mut queries, mut keys_values) = (Vec::new(), Vec::new());
        self.product_to(
            &mut queries,
            &t.normed_1,
            self.turned(layer.queries, d),
            None,
        );
        let weight = self.turned(layer.keys_values, 2 * d);
        self.product_to(&mut keys_values, &t.normed_1, weight, None);
        t.qkv.clear();
        for (q, kv) in queries.chunks_exact(d).zip(keys_values.chunks_exact(2 * d)) {
            t.qkv.extend_from_slice(q);
            t.qkv.extend_from_slice(kv);
        }
        resize(&mut t.weights, shape.weights_len());
        resize(&mut t.mixed, x.len());
        attention(&mut t.mixed, &mut t.weights, &t.qkv, shape, Dropout::NONE);
        self.dense(&mut t.middle, &t.mixed, layer.project);
        add(&mut t.middle, x);
        norm(&mut t.normed_2, &mut t.stats_2, &t.middle, layer.norm_2);
        self.dense(&mut t.inner, &t.normed_2, layer.fc_1);
        relu(&mut t.inner);
        self.dense(out, &t.inner, layer.fc_2);
        add(out, &t.middle);
    }

    /// `y = x W^T + b` [n, out], W stored [out, in].
    fn dense(&self, y: &mut Vec<f32>, x: &[f32], (weight, bias): (Slot, Slot)) {
        let outputs = bias.range().len();
        self.product_to(y, x, self.turned(weight, outputs), Some(bias));
    }

    /// From the gradient `dy` of the prefix rows to that of the embeddings; adds those of the weights.
    pub(super) fn transform_backward(
        &self,
        net: &Transformer,
        tape: &Tape,
        embeddings: &[f32],
        (dy, dx): (&[f32], &mut Vec<f32>),
        grads: &mut [f32],
    ) {
        let (d, p) = (self.config.width, self.config.prefix);
        let Inside {
            starts,
            stream,
            layers,
        } = &tape.inside;
        let whole = (net.rows + p) * d;
        let mut g = vec![0.0; stream[0].len()];
        for (g, dy) in g.chunks_exact_mut(whole).zip(dy.chunks_exact(p * d)) {
            g[net.rows * d..].copy_from_slice(dy);
        }
        for (i, (layer, t)) in net.layers.iter().zip(layers).enumerate().rev() {
            self.layer_backward(
                layer,
                (t, &stream[i]),
                &mut g,
                grads,
                shape(starts, net.heads, d),
            );
        }
        let learned = net.learned.of_mut(grads);
        let mut dmade = Vec::with_capacity(g.len());
        for g in g.chunks_exact(whole) {
            let (made, of_learned) = g.split_at(net.rows * d);
            dmade.extend_from_slice(made);
            learned
                .iter_mut()
                .zip(of_learned)
                .for_each(|(l, g)| *l += g);
        }
        resize(dx, embeddings.len());
        let n = embeddings.len() / self.config.embedding;
        let (weight, bias) = net.linear;
        let to = (&dmade[..], &mut dx[..], Store::Set);
        self.product_backward((weight, Some(bias)), (n, embeddings), to, grads);
    }

    /// Turns `g`, the gradient of a layer's output [rows, d], into that of its input `x`.
    fn layer_backward(
        &self,
        layer: &Layer,
        (t, x): (&LayerTape, &[f32]),
        g: &mut [f32],
        grads: &mut [f32],
        shape: Shape,
    ) {
        let (d, w, n) = (
            self.config.width,
            &self.weights,
            x.len() / self.config.width,
        );
        let dense = |(weight, bias): (Slot, Slot), x: &[f32], dy: &[f32], grads: &mut [f32]| {
            let mut dx = vec![0.0; x.len()];
            let to = (dy, &mut dx[..], Store::Set);
            self.product_backward((weight, Some(bias)), (n, x), to, grads);
            dx
        };
        let mut dinner = dense(layer.fc_2, &t.inner, g, grads);
        for (dy, y) in dinner.iter_mut().zip(&t.inner) {
            *dy *= f32::from(u8::from(*y > 0.0));
        }
        let dnormed = dense(layer.fc_1, &t.normed_2, &dinner, grads);
        let (dgain, dbias) = layer.norm_2.0.with(layer.norm_2.1, grads);
        let gain = layer.norm_2.0.of(w);
        layer_norm_backward(g, dgain, dbias, &dnormed, &t.middle, &t.stats_2, gain);

        let dmixed = dense(layer.project, &t.mixed, g, grads);
        let mut dqkv = vec![0.0; t.qkv.len()];
        attention_backward(&mut dqkv, &dmixed, &t.qkv, &t.weights, shape, Dropout::NONE);
        let parts = || dqkv.chunks_exact(3 * d).map(|row| row.split_at(d));
        let queries: Vec<f32> = parts().flat_map(|(q, _)| q).copied().collect();
        let keys_values: Vec<f32> = parts().flat_map(|(_, kv)| kv).copied().collect();
        let mut dnormed = vec![0.0; x.len()];
        let of = (n, &t.normed_1[..]);
        let to = (&queries[..], &mut dnormed[..], Store::Set);
        self.product_backward((layer.queries, None), of, to, grads);
        let to = (&keys_values[..], &mut dnormed[..], Store::Add);
        self.product_backward((layer.keys_values, None), of, to, grads);
        let (dgain, dbias) = layer.norm_1.0.with(layer.norm_1.1, grads);
        let gain = layer.norm_1.0.of(w);
        layer_norm_backward(g, dgain, dbias, &dnormed, x, &t.stats_1, gain);
    }
}

/// Every row of an embedding attends to all rows of that embedding.
fn shape(starts: &[usize], heads: usize, width: usize) -> Shape<'_> {
    Shape {
        starts,
        heads,
        width,
        causal: false,
    }
}
