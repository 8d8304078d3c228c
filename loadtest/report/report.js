// Draws the charts of a load report. Runs in the reader's browser; `result` and uPlot stand before it in the page.
const colours = ['#3b7dd8', '#e0812b', '#2c9c69', '#c44e9e', '#8a63d2', '#a8893a', '#4aa6b8', '#d2554a', '#7b8794'];
const latencyColours = { p50: '#2c9c69', p90: '#3b7dd8', p99: '#e0812b', max: '#c9736b' };
const { series } = result;
const start = series.seconds[0] ?? 0;
const x = series.seconds.map((second) => second - start);
const marks = series.marks.map(({ second, name }) => ({ at: second - start, name })).sort((a, b) => a.at - b.at);
const style = getComputedStyle(document.documentElement);
const ink = style.getPropertyValue('--soft').trim();
const line = style.getPropertyValue('--line').trim();
const strong = style.getPropertyValue('--ink').trim();

/** Phases and faults: numbered lines on every chart, their names once above all of them. */
function nameMarks() {
  for (const [index, { at, name }] of marks.entries()) {
    const item = document.createElement('span');
    item.className = 'marked';
    item.innerHTML = '<span class="mark"></span><span></span>';
    item.firstChild.textContent = index + 1;
    item.lastChild.textContent = `${name}, ${Math.round(at)} s`;
    document.getElementById('marks').append(item, ' ');
  }
}

function drawMarks(plot) {
  const { ctx, bbox } = plot;
  const size = 12 * devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = ink;
  ctx.setLineDash([3, 3]);
  ctx.font = `600 ${10 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  let before = -size;
  let row = 0;
  for (const [index, { at }] of marks.entries()) {
    const left = plot.valToPos(at, 'x', true);
    if (left < bbox.left || left > bbox.left + bbox.width) continue;
    row = left - before < size ? (row + 1) % 3 : 0;
    before = left;
    const top = bbox.top + row * size;
    ctx.beginPath();
    ctx.moveTo(left, bbox.top);
    ctx.lineTo(left, bbox.top + bbox.height);
    ctx.stroke();
    ctx.fillStyle = line;
    ctx.fillRect(left - size / 2, top, size, size);
    ctx.fillStyle = strong;
    ctx.fillText(String(index + 1), left, top + size / 2);
  }
  ctx.restore();
}

function axis(extra) {
  return { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, font: '11px system-ui, sans-serif', ...extra };
}

function figure(value, digits) {
  return value === null || value === undefined ? '–' : value.toFixed(digits);
}

function chart(title, note, curves, options = {}) {
  const shown = curves.filter(({ values }) => values.some((value) => value !== null));
  if (shown.length === 0) return;
  const card = document.createElement('div');
  card.className = 'chart';
  card.innerHTML = '<h3></h3><p></p>';
  card.querySelector('h3').textContent = title;
  card.querySelector('p').textContent = note;
  document.getElementById('charts').append(card);
  const plot = new uPlot(
    {
      width: card.clientWidth - 24,
      height: 230,
      cursor: { sync: { key: 'load' } },
      scales: { x: { time: false }, y: options.scale ?? { range: (_plot, _min, max) => [0, Math.max(max * 1.08, options.least ?? 1)] } },
      axes: [axis({ values: (_plot, ticks) => ticks.map((tick) => `${tick} s`) }), axis({ size: 56, ...options.axis })],
      series: [
        { label: 'time', value: (_plot, value) => (value === null ? '–' : `${value} s`) },
        ...shown.map(({ name, colour }, index) => ({
          label: name,
          stroke: colour ?? colours[index % colours.length],
          width: 1.6,
          points: { show: false },
          spanGaps: true,
          fill: options.isFilled ? `${colour ?? colours[index % colours.length]}22` : undefined,
          paths: options.isStepped ? uPlot.paths.stepped({ align: 1 }) : undefined,
          value: (_plot, value) => figure(value, options.digits ?? 1),
        })),
      ],
      hooks: { draw: [drawMarks] },
    },
    [x, ...shown.map(({ values }) => values)],
    card,
  );
  addEventListener('resize', () => plot.setSize({ width: card.clientWidth - 24, height: 230 }));
}

const asCurves = (record) => Object.entries(record).map(([name, values]) => ({ name, values }));
const positive = (values) => values.map((value) => (value === null || value <= 0 ? null : value));

nameMarks();
chart(
  'Publish → receive over time, ms',
  'from the moment each message was due; logarithmic',
  Object.entries(series.latencyMs).map(([name, values]) => ({ name, values: positive(values), colour: latencyColours[name] })),
  { scale: { distr: 3 }, axis: { values: (_plot, ticks) => ticks.map((tick) => (/^[125]0*$/.test(String(tick)) ? String(tick) : '')) } },
);
chart('Deliveries per second', 'events that reached their readers', [{ name: 'deliveries', values: series.delivered }], {
  isFilled: true,
  digits: 0,
});
chart('Stages, mean ms', 'of the servers, sampled', asCurves(series.stagesMs), { digits: 2 });
chart('Connections', 'open at each shard', asCurves(series.connections), { digits: 0, isStepped: true });
chart(
  'Connects per second',
  series.advised.length > 0 ? 'ready frames by shard, and what the draining shards had asked for' : 'ready frames by shard',
  [...asCurves(series.connects), ...(series.advised.length > 0 ? [{ name: 'asked for', values: series.advised, colour: '#7b8794' }] : [])],
  { digits: 0, isStepped: true, least: 4 },
);
chart('CPU, cores', 'each process with its children', asCurves(series.cpuCores), { digits: 2, least: 0.2 });
chart('Memory, MiB', 'private pages and the largest shared part', asCurves(series.memoryMiB), { digits: 0 });
