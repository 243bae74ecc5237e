//! Exports of `kernels::activation`, in the form of `unary`: `<name>_forward` and `<name>_gradient`.

use crate::unary::unary_exports;
use kernels::activation;
use wasm_bindgen::prelude::wasm_bindgen;

unary_exports! {
    relu_forward relu_gradient () activation::Relu;
    sigmoid_forward sigmoid_gradient () activation::Sigmoid;
    tanh_forward tanh_gradient () activation::Tanh;
    silu_forward silu_gradient () activation::Silu;
    quick_gelu_forward quick_gelu_gradient () activation::QuickGelu;
    gelu_forward gelu_gradient () activation::Gelu;
    gelu_tanh_forward gelu_tanh_gradient () activation::GeluTanh;
    softplus_forward softplus_gradient () activation::Softplus;
}
