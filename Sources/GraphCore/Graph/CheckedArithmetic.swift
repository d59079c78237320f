// Arithmetic on what a workflow, a file or a peer says: none of it may end the process.

extension Int {
    /// The whole part of `value`, or the bound of the type that is nearest to it; 0 for NaN.
    @inlinable
    public init(clamping value: Double) {
        // By way of `UInt`, whose conversion is not among those refused below.
        if value.magnitude < 0x1p63 {
            let whole = Int(bitPattern: UInt(value.magnitude))
            self = value < 0 ? -whole : whole
        } else {
            self = value > 0 ? .max : value < 0 ? .min : 0
        }
    }

    /// The whole part of `value`, or the bound of the type that is nearest to it; 0 for NaN.
    @inlinable
    public init(clamping value: Float) { self.init(clamping: Double(value)) }
}

extension Int32 {
    /// The whole part of `value`, or the bound of the type that is nearest to it; 0 for NaN.
    @inlinable
    public init(clamping value: Float) { self.init(clamping: Int(clamping: value)) }

    /// The whole part of `value`, or the bound of the type that is nearest to it; 0 for NaN.
    @inlinable
    public init(clamping value: Double) { self.init(clamping: Int(clamping: value)) }
}

extension UInt8 {
    /// The whole part of `value`, or the bound of the type that is nearest to it; 0 for NaN.
    @inlinable
    public init(clamping value: Float) {
        // By way of `Int16`, whose conversion is one instruction and not among those refused below.
        self = value > 0 ? UInt8(truncatingIfNeeded: Int16(Swift.min(value, 255))) : 0
    }

    /// The whole part of `value`, or the bound of the type that is nearest to it; 0 for NaN.
    @inlinable
    public init(clamping value: Double) {
        self = value > 0 ? UInt8(truncatingIfNeeded: Int16(Swift.min(value, 255))) : 0
    }
}

extension UInt16 {
    /// The whole part of `value`, or the bound of the type that is nearest to it; 0 for NaN.
    @inlinable
    public init(clamping value: Float) {
        self = value > 0 ? UInt16(truncatingIfNeeded: UInt(Swift.min(value, 65_535))) : 0
    }
}

extension FixedWidthInteger {
    /// The sum, or the bound of the type that is nearest to it.
    @inlinable
    public func addingClamped(_ other: Self) -> Self {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }
}

// The conversions of floats that end the process when the float does not fit. They are declared once more, as
// deprecated: the compiler, for which warnings are errors, refuses them wherever this module is imported.
// What remains is `Int16` and `UInt`, by whose way the conversions above go.

extension Int {
    @available(*, deprecated, message: "ends the process for a float that does not fit; use clamping: or exactly:")
    public init(_ value: Double) { self = Self(clamping: Int(clamping: value)) }
    @available(*, deprecated, message: "ends the process for a float that does not fit; use clamping: or exactly:")
    public init(_ value: Float) { self = Self(clamping: Int(clamping: value)) }
}

extension Int32 {
    @available(*, deprecated, message: "ends the process for a float that does not fit; use clamping: or exactly:")
    public init(_ value: Double) { self = Self(clamping: Int(clamping: value)) }
    @available(*, deprecated, message: "ends the process for a float that does not fit; use clamping: or exactly:")
    public init(_ value: Float) { self = Self(clamping: Int(clamping: value)) }
}

extension Int64 {
    @available(*, deprecated, message: "ends the process for a float that does not fit; use clamping: or exactly:")
    public init(_ value: Double) { self = Self(clamping: Int(clamping: value)) }
    @available(*, deprecated, message: "ends the process for a float that does not fit; use clamping: or exactly:")
    public init(_ value: Float) { self = Self(clamping: Int(clamping: value)) }
}

extension UInt32 {
    @available(*, deprecated, message: "ends the process for a float that does not fit; use clamping: or exactly:")
    public init(_ value: Double) { self = Self(clamping: Int(clamping: value)) }
    @available(*, deprecated, message: "ends the process for a float that does not fit; use clamping: or exactly:")
    public init(_ value: Float) { self = Self(clamping: Int(clamping: value)) }
}

extension UInt64 {
    @available(*, deprecated, message: "ends the process for a float that does not fit; use clamping: or exactly:")
    public init(_ value: Double) { self = Self(clamping: Int(clamping: value)) }
    @available(*, deprecated, message: "ends the process for a float that does not fit; use clamping: or exactly:")
    public init(_ value: Float) { self = Self(clamping: Int(clamping: value)) }
}

extension UInt8 {
    @available(*, deprecated, message: "ends the process for a float that does not fit; use clamping: or exactly:")
    public init(_ value: Double) { self = Self(clamping: Int(clamping: value)) }
    @available(*, deprecated, message: "ends the process for a float that does not fit; use clamping: or exactly:")
    public init(_ value: Float) { self = Self(clamping: Int(clamping: value)) }
}

extension UInt16 {
    @available(*, deprecated, message: "ends the process for a float that does not fit; use clamping: or exactly:")
    public init(_ value: Double) { self = Self(clamping: Int(clamping: value)) }
    @available(*, deprecated, message: "ends the process for a float that does not fit; use clamping: or exactly:")
    public init(_ value: Float) { self = Self(clamping: Int(clamping: value)) }
}
