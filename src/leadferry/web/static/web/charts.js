// Draws each <div data-chart="id"> from the JSON block of that id:
//   {type: "line" | "bar", categories: [text], unit: text,
//    series: [{name: text, values: [number or null]}],
//    stacked: true for bars on each other, scale: "log" for times that differ widely,
//    limit: {name: text, value: number} for a line across}
// The numbers stand in a table beside it, too: a picture cannot be read by everybody.
(() => {
  const root = document.documentElement;
  const PALETTES = {
    light: ["#0b6b78", "#b26b00", "#7a4fb5", "#b42318", "#2f7d32", "#3b5bdb", "#8a5a44", "#5c6670"],
    dark: ["#6fd3e0", "#ffca7a", "#c3a6f2", "#ff9d94", "#8fd694", "#9db4ff", "#d8b09c", "#b4bec8"],
  };
  const SYMBOLS = ["circle", "rect", "triangle", "diamond", "roundRect", "pin", "arrow", "circle"];
  const drawn = new Map();
  const sizes = new ResizeObserver((entries) => {
    for (const { target } of entries) drawn.get(target)?.resize();
  });

  const words = (unit) => {
    const numbers = new Intl.NumberFormat(root.lang, { maximumSignificantDigits: 3 });
    return (value) => (value == null ? "–" : `${numbers.format(value)}${unit ? `\u00a0${unit}` : ""}`);
  };

  const seriesOf = (spec, { line }) =>
    spec.series.map(({ name, values }, index) => ({
      name,
      type: spec.type,
      data: values,
      stack: spec.stacked ? "all" : undefined,
      symbol: SYMBOLS[index % SYMBOLS.length],
      symbolSize: 7,
      showSymbol: spec.categories.length <= 60,
      barMaxWidth: 36,
      markLine:
        spec.limit && index === 0
          ? {
              symbol: "none",
              silent: true,
              data: [{ name: spec.limit.name, yAxis: spec.limit.value }],
              label: { formatter: "{b}", position: "insideEndTop", color: line },
              lineStyle: { color: line, type: "dashed" },
            }
          : undefined,
    }));

  const optionsOf = (spec) => {
    const style = getComputedStyle(root);
    const colour = (name) => style.getPropertyValue(`--tblr-${name}`).trim();
    const text = colour("secondary");
    const lines = root.dataset.bsTheme === "dark" ? "#3a4757" : "#dce1e7";
    const inUnit = words(spec.unit);
    const label = { color: text, hideOverlap: true };
    return {
      animation: false,
      color: PALETTES[root.dataset.bsTheme] ?? PALETTES.light,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      legend: { type: "scroll", top: 0, left: 0, textStyle: { color: text }, pageTextStyle: { color: text } },
      grid: { left: 8, right: 12, top: 40, bottom: 8, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      tooltip: {
        trigger: "axis",
        // Drawn, not written: the page allows no style of its own to any element.
        renderMode: "richText",
        confine: true,
        valueFormatter: inUnit,
        backgroundColor: colour("bg-surface"),
        borderColor: lines,
        textStyle: { color: colour("body-color") },
      },
      xAxis: {
        type: "category",
        data: spec.categories,
        boundaryGap: spec.type === "bar",
        axisLabel: label,
        axisLine: { lineStyle: { color: lines } },
      },
      yAxis: {
        type: spec.scale === "log" ? "log" : "value",
        minInterval: spec.unit ? undefined : 1,
        axisLabel: { ...label, formatter: inUnit },
        splitLine: { lineStyle: { color: lines } },
      },
      series: seriesOf(spec, { line: text }),
    };
  };

  const draw = (place) => {
    const block = document.getElementById(place.dataset.chart);
    let chart = drawn.get(place);
    if (!chart) {
      chart = echarts.init(place, null, { renderer: "canvas" });
      drawn.set(place, chart);
      sizes.observe(place);
    }
    chart.setOption(optionsOf(JSON.parse(block.textContent)), true);
  };

  const drawAll = () => {
    for (const [place, chart] of drawn) {
      if (place.isConnected) continue;
      sizes.unobserve(place);
      chart.dispose();
      drawn.delete(place);
    }
    for (const place of document.querySelectorAll("[data-chart]")) draw(place);
  };

  drawAll();
  document.addEventListener("htmx:afterSettle", drawAll);
  new MutationObserver(drawAll).observe(root, { attributes: true, attributeFilter: ["data-bs-theme"] });
})();
