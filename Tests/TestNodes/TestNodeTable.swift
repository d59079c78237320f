public import GraphCore

/// The table of contents of this target.
public enum TestNodeTable {
    /// Nodes of ComfyUI's own test pack, whose behaviour its recorded transcripts show.
    public static func comfyUI() -> [any Node] {
        [
            StubImage(), StubMask(), TestLazyMixImages(), TestVariadicAverage(), TestForLoopOpen(), TestForLoopClose(),
            TestWhileLoopOpen(), TestWhileLoopClose(), TestIntMathOperation(), TestToBoolNode(),
            TestExecutionBlocker(), TestMakeListNode(), TestCustomIsChanged(), TestSleep(), TestSyncError(),
        ]
    }

    /// Nodes for graphs written as text.
    public static func small() -> [any Node] {
        [
            Constant(), Add(), Switch(), FirstNonZero(), Fail(), Gate(), Range(), Total(), CountUp(), Inc(), Show(),
            Identity(),
        ]
    }
}
