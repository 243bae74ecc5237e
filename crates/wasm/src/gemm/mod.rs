//! Matrix products. Strides count elements; a null pointer means "none".
//!
//! | file | holds |
//! |---|---|
//! | `tile` | the register tile and the workspace: set once, before anything is packed or multiplied |
//! | `probe` | how fast a tile is, and what the machine could do |
//! | `share` | the cut over threads |
//! | `product` | C ← α·A·B + β·C |
//! | `packed` | frozen weights, copied ahead of use |
//! | `lora` | the skinny products of a LoRA layer |

pub mod lora;
pub mod packed;
pub mod probe;
pub mod product;
pub mod share;
pub mod tile;
