//! The names that a pickle may refer to: `module`, `name` -> what it means for weights, or a refusal.

use safetensors::Dtype;

use super::fault::Fault;

/// A class or function that a pickle refers to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Name {
    /// `_rebuild_tensor`, `_rebuild_tensor_v2`: (storage, offset, shape, strides, ..).
    Tensor,
    /// `_rebuild_tensor_v3`: the same, and the kind of number as seventh.
    TensorOfKind,
    /// `_rebuild_parameter`: (tensor, ..).
    Parameter,
    /// `_rebuild_from_type_v2`: (function, type, its arguments, state).
    FromType,
    /// A class of storages, with the kind of its numbers; `None` where they are bytes.
    Storage(Option<Dtype>),
    /// `torch.float32` and the like.
    Kind(Dtype),
    /// An ordered dict: () or (pairs).
    Dict,
    /// `torch.Size`: (sizes).
    Tuple,
    /// A class that only holds data of no use to us.
    Data,
}

/// Classes and functions of which training scripts leave objects beside the weights (settings, optimisers, scalars).
/// Their objects are data; a `*` at the end stands for anything.
const DATA: &[&str] = &[
    "__builtin__.bytearray",
    "__builtin__.complex",
    "__builtin__.dict",
    "__builtin__.frozenset",
    "__builtin__.int",
    "__builtin__.list",
    "__builtin__.long",
    "__builtin__.object",
    "__builtin__.range",
    "__builtin__.set",
    "__builtin__.slice",
    "__builtin__.tuple",
    "__builtin__.unicode",
    "__builtin__.xrange",
    "_codecs.encode",
    "argparse.Namespace",
    "builtins.bool",
    "builtins.bytearray",
    "builtins.bytes",
    "builtins.complex",
    "builtins.dict",
    "builtins.float",
    "builtins.frozenset",
    "builtins.int",
    "builtins.list",
    "builtins.object",
    "builtins.range",
    "builtins.set",
    "builtins.slice",
    "builtins.str",
    "builtins.tuple",
    "collections.Counter",
    "collections.deque",
    "copy_reg._reconstructor",
    "copyreg._reconstructor",
    "datetime.*",
    "decimal.Decimal",
    "easydict.EasyDict",
    "fractions.Fraction",
    "lightning.*",
    "lightning_fabric.*",
    "lightning_utilities.*",
    "numpy._core.multiarray._reconstruct",
    "numpy._core.multiarray.scalar",
    "numpy._core.numeric._frombuffer",
    "numpy.core.multiarray._reconstruct",
    "numpy.core.multiarray.scalar",
    "numpy.core.numeric._frombuffer",
    "numpy.dtype",
    "numpy.dtypes.*",
    "numpy.ndarray",
    "numpy.random.*",
    "omegaconf.*",
    "pathlib.*",
    "pytorch_lightning.*",
    "ruamel.yaml.*",
    "torch.Generator",
    "torch.Tensor",
    "torch._utils._rebuild_*",
    "torch.amp.*",
    "torch.complex128",
    "torch.complex64",
    "torch.contiguous_format",
    "torch.cuda.amp.*",
    "torch.device",
    "torch.float8_*",
    "torch.layout",
    "torch.nn.parameter.*",
    "torch.optim.*",
    "torch.preserve_format",
    "torch.serialization._get_layout",
    "torch.strided",
    "torch.torch_version.TorchVersion",
    "transformers.*",
    "types.SimpleNamespace",
    "typing.Any",
    "uuid.UUID",
    "yacs.config.CfgNode",
];

/// What `module.name` is.
///
/// # Errors
/// Where it is nothing that weights are made of: a pickle could have it called, so the file is not to be trusted.
pub(super) fn known(module: &str, name: &str) -> Result<Name, Fault> {
    let torch = module == "torch" || module == "torch.storage" || module == "torch.cuda";
    if let Some(class) = name.strip_suffix("Storage").filter(|_| torch)
        && let Some(storage) = storage(class)
    {
        return Ok(storage);
    }
    match (module, name) {
        ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => Ok(Name::Tensor),
        ("torch._utils", "_rebuild_tensor_v3") => Ok(Name::TensorOfKind),
        ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => {
            Ok(Name::Parameter)
        }
        ("torch._tensor" | "torch.tensor", "_rebuild_from_type_v2") => Ok(Name::FromType),
        ("collections", "OrderedDict") => Ok(Name::Dict),
        ("collections", "defaultdict") => Ok(Name::Dict),
        ("torch", "Size") => Ok(Name::Tuple),
        ("torch", kind_name) if kind(kind_name).is_some() => {
            Ok(kind(kind_name).map_or(Name::Data, Name::Kind))
        }
        _ if is_data(module, name) => Ok(Name::Data),
        _ => Err(refusal(module, name)),
    }
}

/// Storages as PyTorch's classes are called, without `Storage`.
fn storage(class: &str) -> Option<Name> {
    Some(Name::Storage(Some(match class {
        "Float" => Dtype::F32,
        "Double" => Dtype::F64,
        "Half" => Dtype::F16,
        "BFloat16" => Dtype::BF16,
        "Long" => Dtype::I64,
        "Int" => Dtype::I32,
        "Short" => Dtype::I16,
        "Char" => Dtype::I8,
        "Byte" => Dtype::U8,
        "Bool" => Dtype::BOOL,
        "ComplexFloat" => Dtype::C64,
        "Untyped" | "_Untyped" => return Some(Name::Storage(None)),
        _ => return None,
    })))
}

fn kind(name: &str) -> Option<Dtype> {
    Some(match name {
        "float32" => Dtype::F32,
        "float64" => Dtype::F64,
        "float16" => Dtype::F16,
        "bfloat16" => Dtype::BF16,
        "int64" => Dtype::I64,
        "int32" => Dtype::I32,
        "int16" => Dtype::I16,
        "int8" => Dtype::I8,
        "uint64" => Dtype::U64,
        "uint32" => Dtype::U32,
        "uint16" => Dtype::U16,
        "uint8" => Dtype::U8,
        "bool" => Dtype::BOOL,
        _ => return None,
    })
}

fn is_data(module: &str, name: &str) -> bool {
    let full = format!("{module}.{name}");
    DATA.iter().any(|entry| match entry.strip_suffix('*') {
        Some(beginning) => full.starts_with(beginning),
        None => full == *entry,
    })
}

fn refusal(module: &str, name: &str) -> Fault {
    let shown: String = format!("{module}.{name}").chars().take(100).collect();
    format!(
        "asks Python for {}, which is no part of a model's weights; nothing was executed. If you trust the file, save \
         its state dict alone (torch.save(model.state_dict(), ..)) and use that",
        shown.escape_debug()
    )
}
