// The build puts uPlot's module beside the page's own, so that the browser finds it without a bundler.
import uPlot from 'uplot';
export default uPlot;
