"""Random configurations of each architecture of a language model, by their seed: sizes, heads, rotations, windows, biases, caps."""

import transformers

VOCABULARY = 131
POSITIONS = 64


def sizes(r):
    """What most have in common. Heads of an even number of features, that need not be hidden size over heads."""
    heads = r.choice([1, 2, 3, 4, 6])
    kv_heads = r.choice([n for n in (1, 2, 3, 6, heads) if heads % n == 0])
    head_dim = r.choice([4, 6, 10, 16, 20])
    hidden = heads * head_dim if r.random() < 0.4 else r.choice([18, 22, 30, 34, 50, 64]) 
    return dict(
        vocab_size=r.choice([VOCABULARY, 128, 160]),
        hidden_size=hidden,
        intermediate_size=r.choice([17, 24, 33, 56, 96]),
        num_hidden_layers=r.choice([1, 2, 3, 4, 5]),
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        head_dim=head_dim,
        max_position_embeddings=r.choice([40, POSITIONS, 200]),
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=0,
        initializer_range=0.2,
        tie_word_embeddings=r.random() < 0.5,
        rms_norm_eps=r.choice([1e-6, 1e-5, 1e-3]),
        hidden_act=r.choice(["silu", "silu", "gelu", "gelu_pytorch_tanh", "gelu_new"]),
    )


def rotation(r, kinds=("default", "linear", "dynamic", "llama3", "yarn")):
    theta = r.choice([100.0, 10000.0, 500000.0])
    kind = r.choice(kinds)
    factor = r.choice([1.5, 2.0, 8.0])
    if kind == "default":
        return dict(rope_type=kind, rope_theta=theta)
    given = dict(rope_type=kind, rope_theta=theta, factor=factor)
    if kind == "llama3":
        given |= dict(
            low_freq_factor=1.0, high_freq_factor=r.choice([2.0, 4.0]), original_max_position_embeddings=r.choice([16, 32])
        )
    if kind == "yarn":
        given |= dict(original_max_position_embeddings=r.choice([8, 16, 32]))
        if r.random() < 0.4:
            given |= dict(beta_fast=r.choice([8.0, 32.0]), beta_slow=r.choice([1.0, 2.0]))
        if r.random() < 0.3:
            given |= dict(attention_factor=r.choice([0.8, 1.2]))
        elif r.random() < 0.3:
            given |= dict(mscale=1.0, mscale_all_dim=r.choice([0.5, 1.0]))
        if r.random() < 0.3:
            given |= dict(truncate=False)
    return given


def kinds_of_layers(r, layers):
    return [r.choice(["full_attention", "sliding_attention"]) for _ in range(layers)]


def llama(r):
    given = sizes(r)
    return transformers.LlamaConfig(
        **given, attention_bias=r.random() < 0.4, mlp_bias=r.random() < 0.4, rope_parameters=rotation(r)
    )


def mistral(r):
    return transformers.MistralConfig(**sizes(r), sliding_window=r.choice([None, 1, 2, 5, 11]), rope_parameters=rotation(r))


def qwen2(r):
    given = sizes(r)
    given["hidden_size"] = given["num_attention_heads"] * given["head_dim"]
    window = r.random() < 0.6
    return transformers.Qwen2Config(
        **given,
        use_sliding_window=window,
        sliding_window=r.choice([1, 4, 9]),
        max_window_layers=r.choice([0, 1, 2, 28]),
        rope_parameters=rotation(r),
        **(dict(layer_types=kinds_of_layers(r, given["num_hidden_layers"])) if window and r.random() < 0.4 else {}),
    )


def qwen3(r):
    given = sizes(r)
    return transformers.Qwen3Config(
        **given,
        attention_bias=r.random() < 0.5,
        use_sliding_window=r.random() < 0.5,
        sliding_window=r.choice([1, 4, 9]),
        max_window_layers=r.choice([0, 1, 2, 28]),
        rope_parameters=rotation(r),
    )


def gemma3(r):
    given = sizes(r)
    given["hidden_size"] = given["num_attention_heads"] * r.choice([5, 8, 12])
    act = given.pop("hidden_act")
    layers = given["num_hidden_layers"]
    kinds = {} if r.random() < 0.5 else dict(layer_types=kinds_of_layers(r, layers))
    return transformers.Gemma3TextConfig(
        **given,
        **kinds,
        hidden_activation=r.choice(["gelu_pytorch_tanh", act]),
        attention_bias=r.random() < 0.4,
        query_pre_attn_scalar=r.choice([8, 24, 256]),
        sliding_window=r.choice([1, 3, 8]),
        final_logit_softcapping=r.choice([None, 3.0, 30.0]),
        rope_parameters={
            "full_attention": rotation(r, ("default", "linear", "yarn")),
            "sliding_attention": rotation(r, ("default",)),
        },
    )


def phi3(r):
    given = sizes(r)
    given["hidden_size"] = given["num_attention_heads"] * given["head_dim"]
    given.pop("head_dim")
    dim = given["hidden_size"] // given["num_attention_heads"]
    share = r.choice([share for share in (1.0, 0.5, 0.75, 0.4) if int(dim * share) % 2 == 0 and int(dim * share) > 0])
    if r.random() < 0.5:
        rope = dict(rope_type="default", rope_theta=10000.0, partial_rotary_factor=share)
        extra = {}
    else:
        pairs = int(dim * share) // 2
        rope = dict(
            rope_type="longrope",
            rope_theta=10000.0,
            partial_rotary_factor=share,
            short_factor=[1.0 + 0.1 * i for i in range(pairs)],
            long_factor=[2.0 + i for i in range(pairs)],
        )
        extra = dict(original_max_position_embeddings=r.choice([POSITIONS, 48]))
        given["max_position_embeddings"] = r.choice([200, 256])
    return transformers.Phi3Config(**given, **extra, sliding_window=r.choice([None, 2, 7]), rope_parameters=rope)


def smollm3(r):
    given = sizes(r)
    given["hidden_size"] = given["num_attention_heads"] * given["head_dim"]
    given.pop("head_dim")
    layers = given["num_hidden_layers"]
    which = r.choice([dict(no_rope_layers=[r.choice([0, 1]) for _ in range(layers)]), dict(no_rope_layer_interval=r.choice([2, 3, 4])), {}])
    window = r.random() < 0.5
    return transformers.SmolLM3Config(
        **given,
        **which,
        attention_bias=r.random() < 0.4,
        mlp_bias=r.random() < 0.4,
        use_sliding_window=window,
        sliding_window=r.choice([2, 6]) if window else None,
        rope_parameters=rotation(r),
    )


def olmo2(r):
    given = sizes(r)
    given["hidden_size"] = given["num_attention_heads"] * given["head_dim"]
    given.pop("head_dim")
    return transformers.Olmo2Config(**given, attention_bias=r.random() < 0.4, rope_parameters=rotation(r))


def gpt2(r):
    heads = r.choice([1, 2, 3, 4])
    return transformers.GPT2Config(
        vocab_size=VOCABULARY,
        n_embd=heads * r.choice([3, 5, 8, 11]),
        n_inner=r.choice([None, 17, 56]),
        n_layer=r.choice([1, 2, 3]),
        n_head=heads,
        n_positions=POSITIONS,
        bos_token_id=1,
        eos_token_id=2,
        initializer_range=0.2,
        activation_function=r.choice(["gelu_new", "gelu", "relu", "silu", "tanh"]),
        layer_norm_epsilon=r.choice([1e-5, 1e-3]),
        scale_attn_weights=r.random() < 0.8,
        scale_attn_by_inverse_layer_idx=r.random() < 0.2,
        tie_word_embeddings=r.random() < 0.7,
        **{name: 0.0 for name in ["attn_pdrop", "embd_pdrop", "resid_pdrop"]},
    )


def gpt_neox(r):
    heads = r.choice([1, 2, 3, 4])
    dim = r.choice([4, 8, 12, 20])
    share = r.choice([share for share in (1.0, 0.5, 0.25) if int(dim * share) % 2 == 0])
    return transformers.GPTNeoXConfig(
        vocab_size=VOCABULARY,
        hidden_size=heads * dim,
        intermediate_size=r.choice([17, 56]),
        num_hidden_layers=r.choice([1, 2, 3]),
        num_attention_heads=heads,
        max_position_embeddings=POSITIONS,
        bos_token_id=1,
        eos_token_id=2,
        initializer_range=0.2,
        hidden_act=r.choice(["gelu", "gelu_new", "relu", "gelu_fast"]),
        use_parallel_residual=r.random() < 0.5,
        attention_bias=r.random() < 0.7,
        tie_word_embeddings=r.random() < 0.4,
        rope_parameters=rotation(r, ("default", "linear", "dynamic")) | dict(partial_rotary_factor=share),
    )


FAMILIES = dict(
    llama=llama, mistral=mistral, qwen2=qwen2, qwen3=qwen3, gemma3_text=gemma3, phi3=phi3, smollm3=smollm3, olmo2=olmo2,
    gpt2=gpt2, gpt_neox=gpt_neox,
)  # fmt: skip
