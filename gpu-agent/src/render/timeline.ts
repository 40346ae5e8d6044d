export { chooseFrameRate, type FrameRate, planTimeline, rateValue, type Timeline, type TimelineSegment } from '@carmic/captions';
