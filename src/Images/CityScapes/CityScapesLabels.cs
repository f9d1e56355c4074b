namespace Daso.Images;

/// <summary>
/// From CityScapes' label ids, the grey values of *_gtFine_labelIds.png, to the 19 classes that are trained and evaluated
/// (cityscapesScripts, helpers/labels.py: trainId).
/// </summary>
internal static class CityScapesLabels
{
    /// <summary>Classes.</summary>
    internal const int Classes = 19;

    /// <summary>The target of a pixel that counts nowhere.</summary>
    internal const byte Ignored = 255;

    /// <summary>Label ids of the classes 0 … 18: road, sidewalk, building, wall, fence, pole, traffic light, traffic sign, vegetation, terrain, sky,
    /// person, rider, car, truck, bus, train, motorcycle, bicycle.</summary>
    internal static readonly byte[] Ids = [7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33];

    /// <summary>For each grey value the class.</summary>
    internal static readonly byte[] ClassOf = MakeTable();

    private static byte[] MakeTable()
    {
        var table = new byte[256];
        Array.Fill(table, Ignored);
        for (byte i = 0; i < Ids.Length; i++)
            table[Ids[i]] = i;
        return table;
    }
}
