#pragma once

#include <stddef.h>
#include <stdint.h>

// The part of ONNX Runtime's C interface that graphrun calls: a table of function pointers in the public, append-only
// order of its header. A position never changes, so one program runs with every runtime from 1.16 on. The positions
// are checked at compile time below, and each is called by the tests.

#pragma clang assume_nonnull begin

typedef struct ConnStatus ConnStatus;
typedef struct ConnEnv ConnEnv;
typedef struct ConnSession ConnSession;
typedef struct ConnSessionOptions ConnSessionOptions;
typedef struct ConnRunOptions ConnRunOptions;
typedef struct ConnValue ConnValue;
typedef struct ConnTypeInfo ConnTypeInfo;
typedef struct ConnTensorInfo ConnTensorInfo;
typedef struct ConnMemoryInfo ConnMemoryInfo;
typedef struct ConnAllocator ConnAllocator;
typedef struct ConnThreading ConnThreading;
typedef struct ConnArena ConnArena;
typedef struct ConnCUDAOptions ConnCUDAOptions;

/// The table, as far as it is used. A status is NULL when all went well.
typedef struct ConnApi {
    void *_Nullable unused_0;
    int (*_Nonnull GetErrorCode)(const ConnStatus *status);
    const char *_Nonnull (*_Nonnull GetErrorMessage)(const ConnStatus *status);
    void *_Nullable unused_3[4];
    ConnStatus *_Nullable (*_Nonnull CreateSession)(const ConnEnv *env, const char *path, const ConnSessionOptions
        *options, ConnSession *_Nullable *_Nonnull out);
    ConnStatus *_Nullable (*_Nonnull CreateSessionFromArray)(const ConnEnv *env, const void *bytes, size_t count,
        const ConnSessionOptions *options, ConnSession *_Nullable *_Nonnull out);
    ConnStatus *_Nullable (*_Nonnull Run)(ConnSession *session, const ConnRunOptions *options, const char *_Nullable
        const *_Nonnull input_names, const ConnValue *_Nullable const *_Nonnull inputs, size_t input_count, const char
        *_Nullable const *_Nonnull output_names, size_t output_count, ConnValue *_Nullable *_Nonnull outputs);
    ConnStatus *_Nullable (*_Nonnull CreateSessionOptions)(ConnSessionOptions *_Nullable *_Nonnull out);
    void *_Nullable unused_11[6];
    ConnStatus *_Nullable (*_Nonnull DisableMemPattern)(ConnSessionOptions *options);
    void *_Nullable unused_18[5];
    ConnStatus *_Nullable (*_Nonnull SetSessionGraphOptimizationLevel)(ConnSessionOptions *options, int level);
    void *_Nullable unused_24[6];
    ConnStatus *_Nullable (*_Nonnull SessionGetInputCount)(const ConnSession *session, size_t *out);
    ConnStatus *_Nullable (*_Nonnull SessionGetOutputCount)(const ConnSession *session, size_t *out);
    void *_Nullable unused_32;
    ConnStatus *_Nullable (*_Nonnull SessionGetInputTypeInfo)(const ConnSession *session, size_t index, ConnTypeInfo
        *_Nullable *_Nonnull out);
    ConnStatus *_Nullable (*_Nonnull SessionGetOutputTypeInfo)(const ConnSession *session, size_t index, ConnTypeInfo
        *_Nullable *_Nonnull out);
    void *_Nullable unused_35;
    ConnStatus *_Nullable (*_Nonnull SessionGetInputName)(const ConnSession *session, size_t index, ConnAllocator
        *allocator, char *_Nullable *_Nonnull out);
    ConnStatus *_Nullable (*_Nonnull SessionGetOutputName)(const ConnSession *session, size_t index, ConnAllocator
        *allocator, char *_Nullable *_Nonnull out);
    void *_Nullable unused_38;
    ConnStatus *_Nullable (*_Nonnull CreateRunOptions)(ConnRunOptions *_Nullable *_Nonnull out);
    void *_Nullable unused_40[6];
    ConnStatus *_Nullable (*_Nonnull RunOptionsSetTerminate)(ConnRunOptions *options);
    void *_Nullable unused_47;
    ConnStatus *_Nullable (*_Nonnull CreateTensorAsOrtValue)(ConnAllocator *allocator, const int64_t *shape, size_t
        rank, int element_type, ConnValue *_Nullable *_Nonnull out);
    void *_Nullable unused_49[2];
    ConnStatus *_Nullable (*_Nonnull GetTensorMutableData)(ConnValue *value, void *_Nullable *_Nonnull out);
    void *_Nullable unused_52[3];
    ConnStatus *_Nullable (*_Nonnull CastTypeInfoToTensorInfo)(const ConnTypeInfo *info, const ConnTensorInfo
        *_Nullable *_Nonnull out);
    void *_Nullable unused_56[4];
    ConnStatus *_Nullable (*_Nonnull GetTensorElementType)(const ConnTensorInfo *info, int *out);
    ConnStatus *_Nullable (*_Nonnull GetDimensionsCount)(const ConnTensorInfo *info, size_t *out);
    ConnStatus *_Nullable (*_Nonnull GetDimensions)(const ConnTensorInfo *info, int64_t *dimensions, size_t count);
    void *_Nullable unused_63[2];
    ConnStatus *_Nullable (*_Nonnull GetTensorTypeAndShape)(const ConnValue *value, ConnTensorInfo *_Nullable
        *_Nonnull out);
    void *_Nullable unused_66[3];
    ConnStatus *_Nullable (*_Nonnull CreateCpuMemoryInfo)(int allocator_type, int memory_type, ConnMemoryInfo
        *_Nullable *_Nonnull out);
    void *_Nullable unused_70[6];
    ConnStatus *_Nullable (*_Nonnull AllocatorFree)(ConnAllocator *allocator, void *memory);
    void *_Nullable unused_77;
    ConnStatus *_Nullable (*_Nonnull GetAllocatorWithDefaultOptions)(ConnAllocator *_Nullable *_Nonnull out);
    void *_Nullable unused_79[13];
    void (*_Nonnull ReleaseEnv)(ConnEnv *env);
    void (*_Nonnull ReleaseStatus)(ConnStatus *status);
    void (*_Nonnull ReleaseMemoryInfo)(ConnMemoryInfo *info);
    void (*_Nonnull ReleaseSession)(ConnSession *session);
    void (*_Nonnull ReleaseValue)(ConnValue *value);
    void (*_Nonnull ReleaseRunOptions)(ConnRunOptions *options);
    void (*_Nonnull ReleaseTypeInfo)(ConnTypeInfo *info);
    void (*_Nonnull ReleaseTensorTypeAndShapeInfo)(ConnTensorInfo *info);
    void (*_Nonnull ReleaseSessionOptions)(ConnSessionOptions *options);
    void *_Nullable unused_101[18];
    ConnStatus *_Nullable (*_Nonnull CreateEnvWithGlobalThreadPools)(int severity, const char *name, const
        ConnThreading *threading, ConnEnv *_Nullable *_Nonnull out);
    ConnStatus *_Nullable (*_Nonnull DisablePerSessionThreads)(ConnSessionOptions *options);
    ConnStatus *_Nullable (*_Nonnull CreateThreadingOptions)(ConnThreading *_Nullable *_Nonnull out);
    void (*_Nonnull ReleaseThreadingOptions)(ConnThreading *options);
    void *_Nullable unused_123[2];
    ConnStatus *_Nullable (*_Nonnull GetAvailableProviders)(char *_Nullable *_Nullable *_Nonnull out, int *count);
    ConnStatus *_Nullable (*_Nonnull ReleaseAvailableProviders)(char *_Nullable *_Nonnull names, int count);
    void *_Nullable unused_127[3];
    ConnStatus *_Nullable (*_Nonnull AddSessionConfigEntry)(ConnSessionOptions *options, const char *key, const char
        *value);
    void *_Nullable unused_131[13];
    ConnStatus *_Nullable (*_Nonnull CreateAndRegisterAllocator)(ConnEnv *env, const ConnMemoryInfo *info, const
        ConnArena *arena);
    void *_Nullable unused_145[2];
    ConnStatus *_Nullable (*_Nonnull SetGlobalIntraOpNumThreads)(ConnThreading *options, int count);
    void *_Nullable unused_148;
    ConnStatus *_Nullable (*_Nonnull SetGlobalSpinControl)(ConnThreading *options, int allow);
    void *_Nullable unused_150[6];
    ConnStatus *_Nullable (*_Nonnull CreateArenaCfg)(size_t max_byte_count, int strategy, int initial_chunk, int
        max_dead_bytes, ConnArena *_Nullable *_Nonnull out);
    void (*_Nonnull ReleaseArenaCfg)(ConnArena *arena);
    void *_Nullable unused_158[7];
    ConnStatus *_Nullable (*_Nonnull AddRunConfigEntry)(ConnRunOptions *options, const char *key, const char *value);
    void *_Nullable unused_166[38];
    ConnStatus *_Nullable (*_Nonnull SessionOptionsAppendExecutionProvider_CUDA_V2)(ConnSessionOptions *options, const
        ConnCUDAOptions *cuda);
    ConnStatus *_Nullable (*_Nonnull CreateCUDAProviderOptions)(ConnCUDAOptions *_Nullable *_Nonnull out);
    void *_Nullable unused_206[2];
    void (*_Nonnull ReleaseCUDAProviderOptions)(ConnCUDAOptions *options);
} ConnApi;

#define CONN_SLOT(name, slot) _Static_assert(offsetof(ConnApi, name) == (slot) * sizeof(void *), #name)
CONN_SLOT(GetErrorCode, 1);
CONN_SLOT(GetErrorMessage, 2);
CONN_SLOT(CreateSession, 7);
CONN_SLOT(CreateSessionFromArray, 8);
CONN_SLOT(Run, 9);
CONN_SLOT(CreateSessionOptions, 10);
CONN_SLOT(DisableMemPattern, 17);
CONN_SLOT(SetSessionGraphOptimizationLevel, 23);
CONN_SLOT(SessionGetInputCount, 30);
CONN_SLOT(SessionGetOutputCount, 31);
CONN_SLOT(SessionGetInputTypeInfo, 33);
CONN_SLOT(SessionGetOutputTypeInfo, 34);
CONN_SLOT(SessionGetInputName, 36);
CONN_SLOT(SessionGetOutputName, 37);
CONN_SLOT(CreateRunOptions, 39);
CONN_SLOT(RunOptionsSetTerminate, 46);
CONN_SLOT(CreateTensorAsOrtValue, 48);
CONN_SLOT(GetTensorMutableData, 51);
CONN_SLOT(CastTypeInfoToTensorInfo, 55);
CONN_SLOT(GetTensorElementType, 60);
CONN_SLOT(GetDimensionsCount, 61);
CONN_SLOT(GetDimensions, 62);
CONN_SLOT(GetTensorTypeAndShape, 65);
CONN_SLOT(CreateCpuMemoryInfo, 69);
CONN_SLOT(AllocatorFree, 76);
CONN_SLOT(GetAllocatorWithDefaultOptions, 78);
CONN_SLOT(ReleaseEnv, 92);
CONN_SLOT(ReleaseStatus, 93);
CONN_SLOT(ReleaseMemoryInfo, 94);
CONN_SLOT(ReleaseSession, 95);
CONN_SLOT(ReleaseValue, 96);
CONN_SLOT(ReleaseRunOptions, 97);
CONN_SLOT(ReleaseTypeInfo, 98);
CONN_SLOT(ReleaseTensorTypeAndShapeInfo, 99);
CONN_SLOT(ReleaseSessionOptions, 100);
CONN_SLOT(CreateEnvWithGlobalThreadPools, 119);
CONN_SLOT(DisablePerSessionThreads, 120);
CONN_SLOT(CreateThreadingOptions, 121);
CONN_SLOT(ReleaseThreadingOptions, 122);
CONN_SLOT(GetAvailableProviders, 125);
CONN_SLOT(ReleaseAvailableProviders, 126);
CONN_SLOT(AddSessionConfigEntry, 130);
CONN_SLOT(CreateAndRegisterAllocator, 144);
CONN_SLOT(SetGlobalIntraOpNumThreads, 147);
CONN_SLOT(SetGlobalSpinControl, 149);
CONN_SLOT(CreateArenaCfg, 156);
CONN_SLOT(ReleaseArenaCfg, 157);
CONN_SLOT(AddRunConfigEntry, 165);
CONN_SLOT(SessionOptionsAppendExecutionProvider_CUDA_V2, 204);
CONN_SLOT(CreateCUDAProviderOptions, 205);
CONN_SLOT(ReleaseCUDAProviderOptions, 208);
#undef CONN_SLOT

/// Opens the library at `path`.
/// - Returns: what its version is, such as "1.31.1", which lives as long as the process; or NULL, with the reason in
///   `error`, zero-terminated. `table` is NULL when this version has no table of the version asked for.
const char *_Nullable conn_open(
    const char *path, uint32_t api_version, const ConnApi *_Nullable *_Nonnull table, char *error, size_t error_size);

#pragma clang assume_nonnull end
