<ColorCorrection id="A001C002 &lt;1&gt;">
    <InputDescription>Working space: ACEScct</InputDescription>
    <SOPNode>
        <Description>a &amp; b</Description>
        <Slope>1.1 1 0.9</Slope>
        <Offset>0.01 0 -0.02</Offset>
        <Power>1 1.05 0.98</Power>
    </SOPNode>
    <SatNode>
        <Saturation>0.9</Saturation>
    </SatNode>
</ColorCorrection>
