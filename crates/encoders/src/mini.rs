//! The built-in audio encoder: YAMNet's class scores over several views of a sound -> sound events -> points between the
//! embeddings of the classes' names.

mod activity;
pub mod audio_tower;
pub mod audioset;
pub mod augment;
pub mod class_scores;
pub mod scene;
pub mod sound_events;
