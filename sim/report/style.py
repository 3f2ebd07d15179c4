# SPDX-License-Identifier: Apache-2.0
"""How the report looks: one style sheet for light, dark and paper.

Colours are chosen to stay apart for colour-blind eyes (after Okabe and Ito) and differ in lightness too;
 lines differ in
their dashes as well. Nothing is fetched: fonts are the reader's own.
"""

import re

LIGHT = """
--ground:#fdfdfc; --sheet:#f4f5f4; --ink:#1c2126; --soft:#5c6670; --hair:#e4e7e8; --axis:#aab2b8;
--roof:#e8a713; --plant:#0a9b76; --neighbour:#2b7fc0; --grid:#a3abb2; --surplus:#d9dee1; --buyer:#5c6670;
--reported:#e8a713; --shortfall:#c8501a; --spent:#0a9b76; --balance:#7fc9ee; --expired:#b9bfc4;
--gain:#0a9b76; --loss:#c8501a; --good:#077a5d; --bad:#b3400f; --bad-ground:#fbeee7;
--l1:#0a9b76; --l2:#c65f9b; --l3:#d08c00; --l4:#8c5a45; --l5:#6b4fa0; --l6:#4fb0d8;
"""

DARK = """
--ground:#14171a; --sheet:#1c2024; --ink:#e6e9eb; --soft:#9aa4ad; --hair:#2a3036; --axis:#56606a;
--roof:#f0b93a; --plant:#25b58d; --neighbour:#58a6e6; --grid:#69737c; --surplus:#3a4249; --buyer:#9aa4ad;
--reported:#f0b93a; --shortfall:#f0824a; --spent:#25b58d; --balance:#3f82ab; --expired:#59626a;
--gain:#25b58d; --loss:#f0824a; --good:#3cc79f; --bad:#ff9460; --bad-ground:#33211a;
--l1:#25b58d; --l2:#e08cbc; --l3:#f0b93a; --l4:#d3a08c; --l5:#a68be0; --l6:#8ad4f5;
"""

RULES = """
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;background:var(--ground);color:var(--ink)}
body{margin:0 auto;max-width:1040px;padding:40px 32px 64px;
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
h1{font-size:28px;line-height:1.2;font-weight:650;margin:0 0 6px;letter-spacing:-.01em}
h2{font-size:20px;line-height:1.3;font-weight:650;margin:0 0 4px}
h3{font-size:15px;font-weight:650;margin:24px 0 6px}
p{margin:0}
a{color:inherit;text-decoration-color:var(--axis);text-underline-offset:3px}
.soft,.caption,.lead{color:var(--soft)}
.lead{max-width:72ch}
nav{margin:18px 0 0;font-size:14px;display:flex;flex-wrap:wrap;gap:4px 18px;color:var(--soft)}
section{margin-top:56px}
.verdict{margin:22px 0 0;padding:12px 16px;border-left:4px solid var(--good);background:var(--sheet);
border-radius:0 6px 6px 0}
.verdict.failed{border-color:var(--bad);background:var(--bad-ground)}
.verdict b{color:var(--good)}
.verdict.failed b{color:var(--bad)}
dl.keys{display:grid;grid-template-columns:repeat(auto-fill,minmax(165px,1fr));gap:22px 20px;margin:30px 0 0}
dl.keys div{display:flex;flex-direction:column-reverse;justify-content:flex-end;
border-top:2px solid var(--hair);padding-top:9px}
dl.keys dt{font-size:13.5px;color:var(--soft);line-height:1.35}
dl.keys dd{margin:0;font-size:23px;line-height:1.25;font-weight:620;letter-spacing:-.01em;white-space:nowrap}
ol.claims{list-style:none;margin:14px 0 0;padding:0;display:grid;
grid-template-columns:repeat(auto-fill,minmax(280px,1fr));gap:0 28px}
ol.claims li{display:flex;gap:10px;align-items:baseline;border-top:1px solid var(--hair);padding:8px 0;
font-size:14.5px;line-height:1.35}
ol.claims .id{flex:0 0 26px;color:var(--soft);font-size:13px}
ol.claims .n{flex:0 0 auto;min-width:64px;text-align:right;font-weight:620;white-space:nowrap}
figure{margin:16px 0 0}
svg{display:block;width:100%;height:auto}
svg.narrow{display:none}
ul.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 20px;margin:8px 0 14px;padding:0;font-size:14px}
ul.legend li{display:flex;align-items:center;gap:7px}
ul.legend svg{flex:0 0 auto;width:22px;height:12px}
ul.legend .soft{white-space:nowrap}
figcaption,.caption{margin-top:12px;font-size:14.5px;line-height:1.5;color:var(--soft);max-width:76ch}
.empty{margin-top:14px;padding:18px;border:1px dashed var(--axis);border-radius:6px;color:var(--soft);
font-size:14.5px}
.scroll{overflow-x:auto;margin-top:14px}
table{border-collapse:collapse;overflow-wrap:break-word;width:100%;font-size:14px;line-height:1.4}
th{font-weight:500;color:var(--soft);font-size:13px;text-align:left;vertical-align:bottom}
th,td{padding:6px 18px 6px 0;border-bottom:1px solid var(--hair)}
td{vertical-align:top}
th:last-child,td:last-child{padding-right:0}
.r{text-align:right;white-space:nowrap}
td.name{font-weight:600;min-width:56px}
td.bar{min-width:110px;width:22%;vertical-align:middle}
td.bar i{display:block;height:9px;min-width:1px;border-radius:2px;background:var(--plant)}
td.bar i.f-neighbour{background:var(--neighbour)}
th.r{white-space:normal}
.chip{display:inline-block;margin:0 12px 0 0;white-space:nowrap}
.two{display:grid;grid-template-columns:1fr 1fr;gap:0 44px}
.two>*,.cards>*{min-width:0}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(290px,1fr));gap:14px;margin-top:14px;align-items:start}
.card{background:var(--sheet);border-radius:6px;padding:12px 16px;font-size:13.5px;line-height:1.5;
break-inside:avoid}
.card p{margin:0;padding-left:12px;text-indent:-12px}
.card p:first-child{color:var(--soft);margin-bottom:4px;padding:0;text-indent:0}
ul.checks{list-style:none;margin:14px 0 0;padding:0;font-size:14.5px}
ul.checks li{display:grid;grid-template-columns:78px minmax(170px,1fr) 2fr;gap:2px 14px;padding:8px 0;
border-top:1px solid var(--hair)}
ul.checks b{color:var(--good);font-weight:620}
ul.checks .failed b{color:var(--bad)}
ul.checks .failed{background:var(--bad-ground)}
code{font:13.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
pre{margin:10px 0 0;padding:12px 16px;background:var(--sheet);border-radius:6px;white-space:pre-wrap;
overflow-wrap:anywhere}
dl.run{display:grid;grid-template-columns:repeat(auto-fill,minmax(200px,1fr));gap:8px 28px;margin:14px 0 0;
font-size:14px}
dl.run div{display:flex;justify-content:space-between;gap:14px;border-bottom:1px solid var(--hair);
padding:4px 0}
dl.run .long{grid-column:1/-1;justify-content:flex-start}
dl.run .long dd{text-align:left}
dl.run dt{overflow-wrap:break-word;color:var(--soft)}
dl.run dd{margin:0;text-align:right}
text{font:12.5px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;fill:var(--soft)}
text.strong{fill:var(--ink);font-weight:600}
text.middle{text-anchor:middle}
text.end{text-anchor:end}
.hair{stroke:var(--hair);stroke-width:1}
.axis{stroke:var(--axis);stroke-width:1}
.ground{fill:var(--sheet)}
.area{stroke:var(--ground);stroke-width:.6}
.line{fill:none;stroke-width:1.8;stroke-linejoin:round}
.total{stroke:var(--ink);stroke-width:1.1}
.range{fill-opacity:.22}
.fill{fill-opacity:.13}
.tint{fill-opacity:.16}
.ribbon{fill-opacity:.4}
.ribbon:hover{fill-opacity:.8}
.hit{fill:var(--ink);fill-opacity:0}
.hit:hover{fill-opacity:.09}
.s-l2{stroke-dasharray:7 3}.s-l3{stroke-dasharray:2.5 2.5}.s-l4{stroke-dasharray:10 3 2 3}
.s-l5{stroke-dasharray:4 2}.s-l6{stroke-dasharray:12 4}
.s-grid{stroke:var(--grid);stroke-width:3}
@media (max-width:720px){
body{padding:24px 18px 48px}
h1{font-size:24px}
section{margin-top:44px}
svg.wide{display:none}
svg.narrow{display:block;max-width:580px}
.two{grid-template-columns:1fr}
th,td{padding-right:12px}
th.bar,td.bar{display:none}
.chip{white-space:normal}
dl.keys{grid-template-columns:repeat(auto-fill,minmax(140px,1fr));gap:18px 16px}
dl.keys dd{font-size:20px}
ul.checks li{grid-template-columns:66px 1fr}
ul.checks li span:last-child{grid-column:2}
}
@media print{
body{max-width:none;padding:0;font-size:11pt}
nav{display:none}
svg.wide{display:block}
svg.narrow{display:none}
section{margin-top:28px}
figure,tr,ul.checks li,.card,.verdict{break-inside:avoid}
h2,h3{break-after:avoid}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
"""


def sheet() -> str:
    """The whole style sheet; every colour is a class to fill and one to stroke. Paper is always light."""
    names = re.findall(r"--([a-z0-9]+):", LIGHT)
    colours = "".join(
        f".f-{name}{{fill:var(--{name})}}.s-{name}{{stroke:var(--{name})}}" for name in names
    )
    dark = f"@media screen and (prefers-color-scheme:dark){{:root{{{DARK}color-scheme:dark}}}}"
    return f":root{{{LIGHT}color-scheme:light}}{dark}{colours}{RULES}"
